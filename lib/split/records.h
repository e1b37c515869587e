// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "split/input.h"

namespace mrf::split {

/// One whole record of an input after the other; the last one has what it lacked at its end.
class Records {
 public:
  /// `input` outlives the object.
  explicit Records(Input& input) : input_(input) {}

  /// Goes on to the next record. False at the end of the input.
  bool next() {
    for (;;) {
      const record::Run run = input_.framer().take(input_.view(), 1);
      if (run.records > 0) return show(input_.view().substr(0, run.bytes), run.bytes);
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

}  // namespace mrf::split
