// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "split/dealer.h"
#include "split/picker.h"
#include "split/records.h"
#include "split/stamper.h"

namespace mrf::split {

/// What becomes of a record that nobody gets.
struct Missing {
  enum class Way { error, skip, divert, any };
  Way way = Way::error;
  /// For `divert`: the output that gets it.
  std::size_t output = 0;
  /// For `any`: the number of workers, who get such records in turn.
  std::size_t workers = 1;
};

/// Deals records one by one, each to the worker that a picker names, with or without its number.
class EachDealer : public Dealer {
 public:
  /// `outputs` and `stats` outlive the dealer.
  EachDealer(Outputs& outputs, io::Stats& stats, record::RecordForm form, std::unique_ptr<Picker> picker,
             std::optional<Stamper> stamper, Missing missing);

  void deal(Input& input) override;
  /// Deals two inputs in step: worker N gets a record and its mate, in outputs 2N and 2N+1. Throws DataError
  /// that names the first pair whose names differ, or that is none.
  void deal_pairs(Input& input, Input& mates);
  /// Deals an input in which two records in a row of one name are a pair, the first mate to output 2N, the
  /// second to 2N+1. A record without its mate goes to output `singles` with that noted in its first line;
  /// without such an output, and when three in a row have one name and no mate number, throws DataError that
  /// names it.
  void deal_parted(Input& input, std::optional<std::size_t> singles);

 private:
  bool next_pair(Records& ours, Records& theirs) const;
  struct Mate {
    std::string record;
    std::string name;
    int number = 0;
    std::uint64_t at = 0;
  };

  void put(std::size_t output, std::string_view record);
  void put_pair(std::size_t worker, std::string_view first, std::string_view second);
  void deal_pair(const Mate& first, const Records& second);
  void put_single(const Mate& mate, const std::string& input, std::string_view next_name,
                  std::optional<std::size_t> singles);
  std::optional<std::size_t> pick(std::string_view record, std::uint64_t number, const std::string& input);

  Outputs& outputs_;
  io::Stats& stats_;
  const record::RecordForm form_;
  std::unique_ptr<Picker> picker_;
  std::optional<Stamper> stamper_;
  const Missing missing_;
  std::size_t next_any_ = 0;
  std::string input_name_;
};

}  // namespace mrf::split
