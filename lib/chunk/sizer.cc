// SPDX-License-Identifier: MIT
#include "chunk/sizer.h"

#include <algorithm>
#include <cmath>

namespace mrf::chunk {

namespace {
// Starting is a tenth of the whole where the rest is nine times as long. More leaves room for noise, and for
// the chunks that were smaller while nothing was known.
constexpr double rest_to_start = 16;
constexpr double growth = 4;  // at most, from one chunk to the next
}  // namespace

// The square root of so small a number is the same wherever doubles are those of IEEE 754.
std::size_t chunk_size_after(std::uint64_t before) {
  const std::uint64_t at_most_4g = std::min(before, std::uint64_t{4} << 30);
  const auto root = static_cast<std::uint64_t>(std::sqrt(static_cast<double>(at_most_4g)));
  return static_cast<std::size_t>(std::clamp(root * 2048, std::uint64_t{1} << 20, std::uint64_t{64} << 20));
}

void ChunkSizer::add(std::size_t bytes, double cpu_s) {
  const double x = 1 / static_cast<double>(bytes);
  const double y = cpu_s * x;
  count_ += 1;
  sum_x_ += x;
  sum_y_ += y;
  sum_xx_ += x * x;
  sum_xy_ += x * y;
  const double spread = count_ * sum_xx_ - sum_x_ * sum_x_;
  double wanted = growth * static_cast<double>(bytes);
  if (spread > 1e-6 * sum_x_ * sum_x_) {
    start_s_ = std::max(0.0, (count_ * sum_xy_ - sum_x_ * sum_y_) / spread);
    const double rate = (sum_y_ - start_s_ * sum_x_) / count_;
    if (start_s_ <= 0) {
      wanted = static_cast<double>(next_);
    } else if (rate > 0) {
      wanted = std::min(wanted, rest_to_start * start_s_ / rate);
    }
  }
  next_ = static_cast<std::size_t>(std::clamp(wanted, double{smallest}, double{largest}));
}

}  // namespace mrf::chunk
