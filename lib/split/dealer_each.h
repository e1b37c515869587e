// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "split/dealer.h"
#include "split/picker.h"
#include "split/records.h"
#include "split/stamper.h"

namespace mrf {

/// What becomes of a record that nobody gets.
struct Missing {
  enum class Way { error, skip, divert };
  Way way = Way::error;
  /// For `divert`: the output that gets it.
  std::size_t output = 0;
};

/// Deals records one by one, each to the worker that a picker names, with or without its number.
class EachDealer : public Dealer {
 public:
  /// `outputs` and `stats` outlive the dealer.
  EachDealer(Outputs& outputs, Stats& stats, RecordForm form, std::unique_ptr<Picker> picker,
             std::optional<Stamper> stamper, Missing missing);

  void deal(Input& input) override;
  /// Deals two inputs in step: worker N gets a record and its mate, in outputs 2N and 2N+1. Throws DataError
  /// that names the first pair whose names differ, or that is none.
  void deal_pairs(Input& input, Input& mates);

 private:
  bool next_pair(Records& ours, Records& theirs) const;
  void put(std::size_t output, std::string_view record);
  std::optional<std::size_t> pick(const Records& records);

  Outputs& outputs_;
  Stats& stats_;
  const RecordForm form_;
  std::unique_ptr<Picker> picker_;
  std::optional<Stamper> stamper_;
  const Missing missing_;
};

}  // namespace mrf
