// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

namespace mrf::chunk {

/// The bytes of the chunk that begins after `before` bytes of records: 2048 times their square root, at least
/// 1 MiB and at most 64 MiB. Two losses stand against each other: each start of a filter takes time, and
/// for the last chunk the other filters wait. Both are least together where the number of chunks grows with
/// the square root of the input: S bytes have sqrt(S) / 1024 chunks, and the last one is 2048 / sqrt(S) of
/// them. The larger the input, the smaller are both shares. The chunks follow from the records alone: they
/// are the same for a file, a pipe and a compressed file, for any number of filters and on every machine.
std::size_t chunk_size_after(std::uint64_t before);

/// Measures what starting a filter costs, and chooses how many bytes a filter is started for so that it is
/// less than a tenth of the filter's time (--chunk-size auto; chunks are no smaller than without it). What n
/// bytes cost is taken to be start + n * rate; both are the least-squares line through what the chunks so far
/// cost for each byte. Until that is known each chunk is four times as large as one that has ended. The first
/// ones, which are cut before any has ended, have 4 MiB: an input of some MiB still has several of them, and
/// a cheap filter is not started four times as often.
class ChunkSizer {
 public:
  static constexpr std::size_t smallest = std::size_t{1} << 20;
  static constexpr std::size_t first = std::size_t{4} << 20;
  static constexpr std::size_t largest = std::size_t{64} << 20;

  /// Bytes for the next chunk.
  std::size_t next() const { return next_; }
  /// What starting one costs, in seconds of processor time; 0 until that is known.
  double start_s() const { return start_s_; }
  /// A chunk of `bytes` took `cpu_s` seconds of processor time, starting included.
  void add(std::size_t bytes, double cpu_s);

 private:
  std::size_t next_ = first;
  double start_s_ = 0;
  double count_ = 0;
  double sum_x_ = 0;  // of 1 / bytes
  double sum_y_ = 0;  // of seconds / byte
  double sum_xx_ = 0;
  double sum_xy_ = 0;
};

}  // namespace mrf::chunk
