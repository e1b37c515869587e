// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

#include "record/framer.h"
#include "shard/content.h"
#include "shard/input.h"

namespace mrf::shard {

/// Passes over whole records of an input that is no CRAM, from a position on.
class RecordWalk {
 public:
  /// Gets the bytes of records.
  using Take = std::function<void(std::string_view)>;
  static constexpr Position no_end = std::numeric_limits<Position>::max();
  static constexpr auto no_limit = std::numeric_limits<std::uint64_t>::max();

  /// A record begins at `start`, or the input ends there. `input` outlives this object, and is called `name`
  /// in messages about its records. Throws as step() does.
  RecordWalk(const Input& input, Position start, std::string name);

  /// Of the next record; at the end of the input that end.
  Position position() const { return content_.position(0); }
  std::uint64_t records() const { return records_; }
  /// Whether no record is left that begins in front of `end`.
  bool is_over(Position end = no_end) const;
  /// Passes over whole records that begin in front of `end`, at least one and at most `most`, or reads more.
  /// A last record without its newline is given one. Throws DataError for what is malformed; SystemError.
  void step(Position end, std::uint64_t most, const Take& take);

 private:
  void pass(const record::Span& span);
  void skip(std::size_t bytes);
  void wait_for_byte();

  Content content_;
  std::unique_ptr<record::Framer> framer_;
  std::string name_;
  bool needs_newline_;
  std::uint64_t records_ = 0;
  bool has_ended_ = false;
};

}  // namespace mrf::shard
