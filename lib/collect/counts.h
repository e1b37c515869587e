// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/stats.h"

namespace mrf::collect {

/// What mrf-distribute --stats FILE says of its outputs, in their order.
struct OutputCounts {
  struct Output {
    std::string name;
    std::uint64_t records = 0;
  };
  std::vector<Output> outputs;
  /// Given to the outputs for records; outputs for a header or for records without a key stand behind them.
  std::uint64_t records = 0;
};

/// Parses the JSON object. `name` is the file's, for the messages. Throws DataError when it is not one
/// of mrf-distribute, or of an mrf-distribute that failed.
OutputCounts parse_counts(const std::string& text, const std::string& name);

/// Throws DataError when an input has not as many records as the output in its place, or when there is an
/// output with records and no input in its place. `name` as above.
void compare_counts(const OutputCounts& expected, const std::vector<io::StreamCount>& inputs,
                    const std::string& name);

}  // namespace mrf::collect
