// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mrf::io {

/// The last lines of a text that comes line by line: all of it while it is small, else at least its last 64
/// KiB.
class LastLines {
 public:
  static constexpr std::size_t least_bytes = std::size_t{64} << 10;

  /// `line` has no newline.
  void add(std::string_view line);
  /// Whole lines, each with its newline.
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace mrf::io
