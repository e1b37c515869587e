// SPDX-License-Identifier: MIT
#include "fetch/coverage.h"

#include <iterator>

namespace mrf::fetch {

void Coverage::add(std::uint64_t begin, std::uint64_t end, std::uint32_t crc) {
  if (begin == end) return;
  bytes_ += end - begin;
  auto next = runs_.lower_bound(begin);
  if (next != runs_.end() && next->first == end) {
    if (combine_ != nullptr) crc = combine_(crc, next->second.crc, next->second.end - end);
    end = next->second.end;
    next = runs_.erase(next);
  }
  if (next != runs_.begin()) {
    Run& before = std::prev(next)->second;
    if (before.end == begin) {
      if (combine_ != nullptr) before.crc = combine_(before.crc, crc, end - begin);
      before.end = end;
      return;
    }
  }
  runs_.emplace_hint(next, begin, Run{end, crc});
}

std::uint64_t Coverage::prefix() const {
  return runs_.empty() || runs_.begin()->first != 0 ? 0 : runs_.begin()->second.end;
}

std::uint32_t Coverage::prefix_crc() const { return prefix() == 0 ? 0 : runs_.begin()->second.crc; }

std::vector<std::pair<std::uint64_t, std::uint64_t>> Coverage::runs() const {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> list;
  for (const auto& [begin, run] : runs_) list.emplace_back(begin, run.end);
  return list;
}

}  // namespace mrf::fetch
