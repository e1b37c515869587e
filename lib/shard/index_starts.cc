// SPDX-License-Identifier: MIT
#include "shard/index_starts.h"

#include <algorithm>
#include <cstdint>
#include <stdexcept>

#include "base/error.h"
#include "base/number_at.h"
#include "codec/inflate.h"
#include "io/index_file.h"
#include "io/reader.h"

namespace mrf::shard {

namespace {

constexpr std::uint32_t bai_depth = 5;
constexpr std::uint32_t most_depth = 9;

// Numbers of an index, from its front on. Throws std::out_of_range behind its end.
class IndexNumbers {
 public:
  explicit IndexNumbers(std::string_view bytes) : bytes_(bytes) {}

  std::uint32_t number() { return base::number_at<std::uint32_t>(take(4), 0); }
  std::uint64_t offset() { return base::number_at<std::uint64_t>(take(8), 0); }
  std::string_view take(std::size_t size) {
    if (bytes_.size() < size) throw std::out_of_range("the end of an index");
    const std::string_view front = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return front;
  }

 private:
  std::string_view bytes_;
};

// The bin that holds numbers of records and no chunks, behind all others.
std::uint32_t bin_of_counts(std::uint32_t depth) {
  return static_cast<std::uint32_t>(((std::uint64_t{1} << (3 * (depth + 1))) - 1) / 7 + 1);
}

void take_bins(IndexNumbers& numbers, std::uint32_t last_bin, bool has_offsets,
               std::vector<Position>& starts) {
  for (std::uint32_t bins = numbers.number(); bins > 0; --bins) {
    const bool is_of_records = numbers.number() != last_bin;
    if (const Position first = has_offsets ? numbers.offset() : 0; first > 0 && is_of_records)
      starts.push_back(first);
    for (std::uint32_t chunks = numbers.number(); chunks > 0; --chunks) {
      const Position begin = numbers.offset();
      numbers.offset();
      if (is_of_records && begin > 0) starts.push_back(begin);
    }
  }
}

void take_windows(IndexNumbers& numbers, std::vector<Position>& starts) {
  for (std::uint32_t windows = numbers.number(); windows > 0; --windows) {
    if (const Position first = numbers.offset(); first > 0) starts.push_back(first);
  }
}

std::vector<Position> take_index(IndexNumbers numbers, std::size_t references) {
  const std::string_view magic = numbers.take(4);
  const bool is_csi = magic == std::string_view("CSI\1", 4);
  if (!is_csi && magic != std::string_view("BAI\1", 4)) return {};
  std::uint32_t depth = bai_depth;
  if (is_csi) {
    numbers.number();  // the width of the smallest bins
    depth = numbers.number();
    numbers.take(numbers.number());  // what other formats keep there
  }
  if (depth > most_depth || numbers.number() != references) return {};
  std::vector<Position> starts;
  for (std::size_t at = 0; at < references; ++at) {
    take_bins(numbers, bin_of_counts(depth), is_csi, starts);
    if (!is_csi) take_windows(numbers, starts);
  }
  std::sort(starts.begin(), starts.end());
  starts.erase(std::unique(starts.begin(), starts.end()), starts.end());
  return starts;
}

}  // namespace

std::vector<Position> starts_in_index(std::string_view index, std::size_t references) {
  try {
    return take_index(IndexNumbers(index), references);
  } catch (const std::out_of_range&) {
    return {};
  }
}

std::vector<Position> starts_of_index_beside(const std::string& path, std::size_t references) {
  const std::string name = io::index_beside(path, io::IndexOf::bam);
  if (name.empty()) return {};
  try {
    const io::InputFile file = io::open_input_at_once(name);
    if (!file.is_regular) return {};
    io::Meter meter;
    const bool is_compressed = codec::is_gzip(bytes_at(file.fd, name, 0, 4));
    Content content(file.fd, name, is_compressed ? Storage::bgzf : Storage::plain, 0, meter);
    while (content.more()) {
    }
    return starts_in_index(content.view(), references);
  } catch (const base::Error&) {
    return {};
  }
}

}  // namespace mrf::shard
