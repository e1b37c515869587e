// SPDX-License-Identifier: MIT
#include "fetch/missing_parts.h"

#include <algorithm>

namespace mrf::fetch {

void MissingParts::fill(const std::vector<ByteRange>& there, std::uint64_t total) {
  map_.clear();
  std::uint64_t at = 0;
  for (const auto& [begin, end] : there) {
    if (at < begin) map_[begin] = {at};
    at = end;
  }
  if (at < total) map_[total] = {at};
}

void MissingParts::add_samples(const std::vector<ByteRange>& there, std::uint64_t size, unsigned count,
                               const std::function<double()>& random) {
  std::uint64_t bytes = 0;
  for (const auto& [begin, end] : there) bytes += end - begin;
  for (unsigned i = 0; i < count && bytes > 0; ++i) {
    std::uint64_t offset = 0;  // in what is there
    if (i == 1) offset = bytes - std::min(bytes, size);
    if (i > 1) offset = static_cast<std::uint64_t>(random() * static_cast<double>(bytes - 1));
    const auto run = std::find_if(there.begin(), there.end(), [&](const ByteRange& range) {
      if (offset < range.second - range.first) return true;
      offset -= range.second - range.first;
      return false;
    });
    if (run == there.end()) continue;
    const ByteRange sample{run->first + offset, std::min(run->first + offset + size, run->second)};
    const auto next = map_.upper_bound(sample.first);
    const bool is_taken = next != map_.end() && next->second.at < sample.second;
    if (!is_taken) map_[sample.second] = {.at = sample.first, .is_sample = true};
  }
}

void MissingParts::put_back(const ByteRange& range) {
  for (auto place = map_.upper_bound(range.first); place != map_.end() && place->second.at < range.second;)
    place = map_.erase(place);  // samples of what is not there
  map_[range.second] = {range.first};
}

MissingParts::Place MissingParts::next_to_ask() {
  const auto is_free = [](const auto& part) { return part.second.owner == 0; };
  if (std::any_of(map_.begin(), map_.end(), [](const auto& part) { return part.second.is_sample; })) {
    return std::find_if(map_.begin(), map_.end(),
                        [&](const auto& part) { return part.second.is_sample && is_free(part); });
  }
  return std::find_if(map_.begin(), map_.end(), is_free);
}

bool MissingParts::is_idle() const {
  return std::all_of(map_.begin(), map_.end(), [](const auto& part) { return part.second.owner == 0; });
}

MissingParts::Place MissingParts::cut(Place part, std::uint64_t size) {
  const std::uint64_t at = part->second.at;
  if (part->first - at <= size) return part;
  const Part front{.at = at, .is_sample = part->second.is_sample};
  part->second.at = at + size;
  return map_.emplace(at + size, front).first;
}

MissingParts::Place MissingParts::split(Place part, std::uint64_t kept) {
  const std::uint64_t middle = part->second.at + kept;
  map_.emplace(middle, part->second);
  part->second = {.at = middle, .is_sample = part->second.is_sample};
  return part;
}

void MissingParts::release(std::uint64_t owner) {
  for (auto& [end, part] : map_) {
    if (part.owner == owner) part = {.at = part.at, .is_sample = part.is_sample};
  }
}

std::vector<ByteRange> MissingParts::there(std::uint64_t total) const {
  std::vector<ByteRange> ranges;
  std::uint64_t at = 0;
  for (const auto& [end, part] : map_) {
    if (part.is_sample) continue;
    if (at < part.at) ranges.emplace_back(at, part.at);
    at = end;
  }
  if (at < total) ranges.emplace_back(at, total);
  return ranges;
}

}  // namespace mrf::fetch
