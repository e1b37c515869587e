// SPDX-License-Identifier: MIT
#include "http/host_slot.h"

#include <map>
#include <mutex>
#include <utility>

namespace mrf::http {

namespace {

struct HostCounts {
  std::mutex mutex;
  std::map<std::string, unsigned> under_way;  ///< hosts without any have no entry
};

HostCounts& host_counts() {
  static HostCounts counts;
  return counts;
}

}  // namespace

HostSlot::HostSlot(std::string host) : host_(std::move(host)) {}

HostSlot::HostSlot(HostSlot&& other) noexcept : host_(std::exchange(other.host_, {})) {}

std::optional<HostSlot> HostSlot::take(const std::string& host, unsigned most) {
  HostSlot slot(host);
  auto& counts = host_counts();
  const std::lock_guard lock(counts.mutex);
  unsigned& under_way = counts.under_way[host];
  if (under_way >= most) {
    slot.host_.clear();
    return std::nullopt;
  }
  ++under_way;
  return slot;
}

HostSlot::~HostSlot() {
  if (host_.empty()) return;
  auto& counts = host_counts();
  const std::lock_guard lock(counts.mutex);
  const auto place = counts.under_way.find(host_);
  if (--place->second == 0) counts.under_way.erase(place);
}

}  // namespace mrf::http
