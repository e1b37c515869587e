// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace mrf::codec::deflate {

/// log2 from a table of 64 steps in each octave: floating point would depend on the processor.
class Logarithms {
 public:
  constexpr Logarithms() {
    // 2^(1/64) to the power of `at`, by squaring down from 2.
    double root = 2;
    for (int halving = 0; halving < 6; ++halving) root = square_root(root);
    double power = 1;
    for (std::size_t step = 0; step < steps; ++step, power *= root)
      bounds_[step] = static_cast<std::uint32_t>(power * one);
  }

  /// 64 * log2(x), rounded down; x is not 0.
  constexpr std::uint32_t of(std::uint32_t x) const {
    const auto octave = static_cast<std::uint32_t>(std::bit_width(x)) - 1;
    const auto mantissa = static_cast<std::uint32_t>((std::uint64_t{x} << 24) >> octave);
    std::uint32_t step = 0;
    for (std::uint32_t half = steps / 2; half > 0; half /= 2) {
      if (bounds_[step + half] <= mantissa) step += half;
    }
    return octave * steps + step;
  }

  static constexpr std::uint32_t steps = 64;

 private:
  static constexpr std::uint32_t one = 1U << 24;
  static constexpr double square_root(double x) {
    double root = x;
    for (int round = 0; round < 60; ++round) root = (root + x / root) / 2;
    return root;
  }
  std::array<std::uint32_t, steps> bounds_{};
};
inline constexpr Logarithms logarithms;

}  // namespace mrf::codec::deflate
