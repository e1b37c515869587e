// SPDX-License-Identifier: MIT
#include "io/reactor.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <memory>

#include "base/error.h"

namespace mrf::io {

namespace {

constexpr std::size_t most_events = 256;

// The kernel has 64 bits for us: the descriptor, and a part of the id that tells it from an earlier one of
// the same number.
std::uint64_t token(int fd, std::uint64_t id) { return (id << 32) | static_cast<std::uint32_t>(fd); }

std::array<epoll_event, most_events>& event_room() {
  static thread_local std::array<epoll_event, most_events> events;
  return events;
}

}  // namespace

Reactor::Reactor() : epoll_(adopt_fd, ::epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_.is_open()) throw base::SystemError("wait for", "descriptors");
}

void Reactor::watch(FdRef fd, std::uint32_t events, OnReady on_ready) {
  forget(fd);
  Watched one{next_id_++, events, false, std::move(on_ready)};
  epoll_event event{};
  event.events = events;
  event.data.u64 = token(fd.get(), one.id);
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd.get(), &event) != 0) {
    if (errno != EPERM) throw base::SystemError("wait for", "descriptor");
    one.is_always_ready = true;
    always_ready_.push_back(fd.get());
  }
  watched_.emplace(fd.get(), std::move(one));
}

void Reactor::change(FdRef fd, std::uint32_t events) {
  const auto at = watched_.find(fd.get());
  if (at == watched_.end() || at->second.events == events) return;
  at->second.events = events;
  if (at->second.is_always_ready) return;
  epoll_event event{};
  event.events = events;
  event.data.u64 = token(fd.get(), at->second.id);
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd.get(), &event) != 0) {
    throw base::SystemError("wait for", "descriptor");
  }
}

void Reactor::forget(FdRef fd) noexcept {
  const auto at = watched_.find(fd.get());
  if (at == watched_.end()) return;
  if (at->second.is_always_ready) {
    std::erase(always_ready_, fd.get());
  } else {
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd.get(), nullptr);
  }
  watched_.erase(at);
}

Reactor::Timer Reactor::at(Clock::time_point when, OnTime on_time) {
  const Timer timer{when, next_id_++};
  timers_.emplace(timer, std::move(on_time));
  return timer;
}

int Reactor::timeout(std::optional<std::chrono::milliseconds> most) const {
  for (const int fd : always_ready_) {
    if (watched_.at(fd).events != 0) return 0;
  }
  if (!timers_.empty()) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(timers_.begin()->first.first - Clock::now());
    most = std::min(most.value_or(left), left);
  }
  if (!most) return -1;
  return static_cast<int>(
      std::clamp<std::chrono::milliseconds::rep>(most->count(), 0, std::numeric_limits<int>::max()));
}

void Reactor::collect_ready(int count) {
  ready_.clear();
  for (int at = 0; at < count; ++at) {
    const epoll_event& event = event_room()[static_cast<std::size_t>(at)];
    ready_.push_back({static_cast<int>(event.data.u64 & 0xffffffff), event.data.u64 >> 32, event.events});
  }
  for (const int fd : always_ready_) {
    const Watched& one = watched_.at(fd);
    if (one.events != 0) ready_.push_back({fd, one.id & 0xffffffff, one.events});
  }
}

// The callback may forget its own descriptor: it is moved out for the call, and back if the descriptor is
// still watched with it.
bool Reactor::call(const Ready& ready) {
  auto at = watched_.find(ready.fd);
  if (at == watched_.end() || (at->second.id & 0xffffffff) != ready.id) return false;
  const std::uint64_t id = at->second.id;
  OnReady on_ready = std::move(at->second.on_ready);
  const auto give_back = [&] {
    at = watched_.find(ready.fd);
    if (at != watched_.end() && at->second.id == id) at->second.on_ready = std::move(on_ready);
  };
  try {
    on_ready(ready.events);
  } catch (...) {
    give_back();
    throw;
  }
  give_back();
  return true;
}

bool Reactor::call_timers() {
  bool any = false;
  const auto now = Clock::now();
  while (!timers_.empty() && timers_.begin()->first.first <= now) {
    const OnTime on_time = std::move(timers_.begin()->second);
    timers_.erase(timers_.begin());
    any = true;
    on_time();
  }
  return any;
}

bool Reactor::turn(std::optional<std::chrono::milliseconds> most) {
  const int count =
      ::epoll_wait(epoll_.get(), event_room().data(), static_cast<int>(most_events), timeout(most));
  if (count < 0 && errno != EINTR) throw base::SystemError("wait for", "descriptors");
  collect_ready(count);
  bool any = false;
  // A callback may run turns of its own.
  for (const std::vector<Ready> ready = std::exchange(ready_, {}); const Ready& one : ready) any |= call(one);
  return call_timers() || any;
}

}  // namespace mrf::io
