// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "record/framer.h"
#include "record/sequence.h"
#include "split/input.h"
#include "split/outputs.h"
#include "split/partitioner.h"
#include "split/splitter.h"

namespace mrf::split {

/// Gives records their numbers.
class Numbering {
 public:
  explicit Numbering(record::SequencePlace place) : place_(place), field_(place) {}

  /// Puts a whole record with the number in hand.
  void put(Outputs& outputs, std::size_t output, std::string_view record) const;
  /// Whether a record carries a number, or what would be taken for one, already.
  bool is_numbered(std::string_view record) const { return record::has_sequence_tag(place_, record); }
  /// Goes on to the next number.
  void advance() { field_.advance(); }

 private:
  void put_bam(Outputs& outputs, std::size_t output, std::string_view record) const;

  record::SequencePlace place_;
  record::SequenceField field_;
};

/// Reads one whole record of an input after the other; the last one gets its missing newline.
class RecordReader {
 public:
  /// `input` outlives the object.
  explicit RecordReader(Input& input) : input_(input) {}

  /// Goes on to the next record. False at the end of the input.
  bool next() {
    for (;;) {
      const record::Span span = input_.take(input_.view(), 1);
      if (span.records > 0) return show(input_.view().substr(0, span.bytes), span.bytes);
      if (!input_.more()) break;
    }
    if (input_.view().empty()) return false;
    tail_ = input_.view();
    tail_ += input_.framer().complete(input_.view());
    return show(tail_, input_.view().size());
  }
  /// Valid until next().
  std::string_view record() const { return record_; }
  /// The record's number in this input, from 1.
  std::uint64_t number() const { return number_; }
  const std::string& name() const { return input_.name(); }

 private:
  bool show(std::string_view record, std::size_t bytes) {
    record_ = record;
    ++number_;
    input_.drop({bytes, 1});
    return true;
  }

  Input& input_;
  std::string_view record_;
  std::string tail_;
  std::uint64_t number_ = 0;
};

/// What becomes of a record that belongs to no worker.
struct Missing {
  enum class Way { error, skip, divert, any };
  Way way = Way::error;
  /// For `divert`: the output that gets it.
  std::size_t output = 0;
  /// For `any`: the number of workers, who get such records in turn.
  std::size_t workers = 1;
};

/// Hands out records one by one, each to the worker that a partitioner names, with or without its number.
class Router : public Splitter {
 public:
  /// `outputs` and `stats` outlive the splitter.
  Router(Outputs& outputs, io::Stats& stats, record::RecordForm form,
         std::unique_ptr<Partitioner> partitioner, std::optional<Numbering> numbering, Missing missing);

  void split(Input& input) override;
  /// Reads two inputs in step: worker N gets a record and its mate, in outputs 2N and 2N+1. Throws DataError
  /// that names the first pair whose names differ, or that is none.
  void split_pairs(Input& input, Input& mates);
  /// Reads an input in which two records in a row of one name are a pair, the first mate to output 2N, the
  /// second to 2N+1. A record without its mate goes to output `singles` with that noted in its first line;
  /// without such an output, and when three in a row have one name and no mate number, throws DataError that
  /// names it.
  void split_interleaved(Input& input, std::optional<std::size_t> singles);

 private:
  bool next_pair(RecordReader& ours, RecordReader& theirs) const;
  struct Mate {
    std::string record;
    std::string name;
    int number = 0;
    std::uint64_t at = 0;
  };

  void put(std::size_t output, std::string_view record);
  void put_pair(std::size_t worker, std::string_view first, std::string_view second);
  void put_mates(const Mate& first, const RecordReader& second);
  void put_single(const Mate& mate, const std::string& input, std::string_view next_name,
                  std::optional<std::size_t> singles);
  std::optional<std::size_t> assign(std::string_view record, std::uint64_t number, const std::string& input);

  Outputs& outputs_;
  io::Stats& stats_;
  const record::RecordForm form_;
  std::unique_ptr<Partitioner> partitioner_;
  std::optional<Numbering> numbering_;
  const Missing missing_;
  std::size_t next_any_ = 0;
  std::string input_name_;
};

}  // namespace mrf::split
