// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

namespace mrf {

/// Chooses how many bytes a filter is started for, so that starting it costs less than a tenth of its
/// time. What n bytes cost is taken to be start + n * rate; both are the least-squares line through what the
/// chunks so far cost for each byte. Until that is known the chunks double.
class ChunkSizer {
 public:
  static constexpr std::size_t smallest = std::size_t{256} << 10;
  static constexpr std::size_t largest = std::size_t{64} << 20;

  /// Bytes for the next chunk.
  std::size_t next() const { return next_; }
  /// What starting one costs, in seconds of processor time; 0 until that is known.
  double start_s() const { return start_s_; }
  /// A chunk of `bytes` took `cpu_s` seconds of processor time, starting included.
  void add(std::size_t bytes, double cpu_s);

 private:
  std::size_t next_ = smallest;
  double start_s_ = 0;
  double count_ = 0;
  double sum_x_ = 0;  // of 1 / bytes
  double sum_y_ = 0;  // of seconds / byte
  double sum_xx_ = 0;
  double sum_xy_ = 0;
};

}  // namespace mrf
