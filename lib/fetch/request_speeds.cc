// SPDX-License-Identifier: MIT
#include "fetch/request_speeds.h"

#include <algorithm>
#include <vector>

namespace mrf::fetch {

namespace {

constexpr unsigned most_patience = 64;
// Of a slot that is over within its first window.
constexpr RequestSpeeds::Time::duration shortest = std::chrono::milliseconds(10);

double seconds_of(RequestSpeeds::Time::duration time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

void RequestSpeeds::on_start(std::size_t number, Time now) {
  Slot& slot = slots_[number];
  now_ = now;
  if (!slot.since) {
    slot.since = now;
  } else if (!slot.runs) {
    *slot.since += now - slot.ended;
  }
  slot.runs = true;
}

void RequestSpeeds::on_start_of_other(std::size_t number, Time now) {
  on_start(number, now);
  Slot& slot = slots_[number];
  slot.is_shared = *slot.since != now || slot.bytes != 0;
  slot.slow_windows = 0;
  slot.patience = Slot{}.patience;
}

void RequestSpeeds::on_end(std::size_t number) {
  Slot& slot = slots_[number];
  slot.runs = false;
  slot.ended = now_;
  if (slot.speed || slot.rests || slot.bytes == 0 || !slot.since) return;
  slot.speed = static_cast<double>(slot.bytes) / seconds_of(std::max(now_ - *slot.since, shortest));
}

void RequestSpeeds::on_time(Time now) {
  now_ = now;
  std::vector<std::size_t> measured;
  for (auto& [number, slot] : slots_) {
    if (!slot.runs || now - *slot.since < window) continue;
    if (!slot.rests) {
      slot.speed = static_cast<double>(slot.bytes) / seconds_of(now - *slot.since);
      if (!slot.is_shared) measured.push_back(number);
    }
    slot.since = now;
    slot.bytes = 0;
    slot.rests = slot.is_shared = false;
  }
  for (const std::size_t number : measured) {
    Slot& slot = slots_[number];
    const auto usual = of_others(number);
    if (usual && *slot.speed < *usual * slow_share) {
      ++slot.slow_windows;
    } else {
      slot.slow_windows = 0;
      slot.patience = Slot{}.patience;
    }
  }
}

void RequestSpeeds::on_replaced(std::size_t number) {
  Slot& slot = slots_[number];
  slot.slow_windows = 0;
  slot.patience = std::min(2 * slot.patience, most_patience);
  slot.speed.reset();
}

std::optional<double> RequestSpeeds::of(std::size_t number) const {
  const auto place = slots_.find(number);
  return place == slots_.end() ? std::nullopt : place->second.speed;
}

std::optional<double> RequestSpeeds::of_others(std::size_t number) const {
  std::vector<double> speeds;
  for (const auto& [other, slot] : slots_) {
    if (other != number && slot.speed) speeds.push_back(*slot.speed);
  }
  if (speeds.empty()) return std::nullopt;
  const auto middle = speeds.begin() + static_cast<std::ptrdiff_t>(speeds.size() / 2);
  std::nth_element(speeds.begin(), middle, speeds.end());
  return *middle;
}

bool RequestSpeeds::is_slow(std::size_t number, std::uint64_t left) const {
  const auto place = slots_.find(number);
  if (place == slots_.end() || place->second.slow_windows < place->second.patience) return false;
  const auto usual = of_others(number);
  if (!usual || *usual <= 0) return false;
  const auto bytes = static_cast<double>(left);
  const double gain =
      *place->second.speed <= 0 ? seconds_of(least_gain) : bytes / *place->second.speed - bytes / *usual;
  return gain >= seconds_of(least_gain);
}

}  // namespace mrf::fetch
