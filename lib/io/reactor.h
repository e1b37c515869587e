// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "io/fd.h"

namespace mrf::io {

/// One event loop: descriptors (epoll(7), level-triggered), timers, and signals by way of a signalfd(2) that
/// is one of its descriptors. What one turn costs follows from how many descriptors are ready, not from how
/// many are watched. A callback does one bounded piece of work, one read(2) say, and returns: what is left is
/// ready again in the next turn, so that no source delays the others.
///
/// Callbacks may watch, change and forget any descriptor and timer, their own too. A descriptor that was
/// forgotten in a turn gets no event of that turn any more, even if its number is in use again. An exception
/// of a callback leaves turn(); the reactor stays usable.
class Reactor {
 public:
  using Clock = std::chrono::steady_clock;
  /// Gets the events of epoll_ctl(2): EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR.
  using OnReady = std::function<void(std::uint32_t events)>;
  using OnTime = std::function<void()>;
  using Timer = std::pair<Clock::time_point, std::uint64_t>;

  /// Throws SystemError.
  Reactor();

  /// Watches `fd`, which the caller owns and forgets before it is closed. `events` is EPOLLIN, EPOLLOUT or
  /// both; EPOLLHUP and EPOLLERR come in any case. A descriptor that epoll cannot watch, since reading and
  /// writing it never waits (a regular file), is ready in every turn. Throws SystemError.
  void watch(FdRef fd, std::uint32_t events, OnReady on_ready);
  /// Other events for a watched descriptor; 0 leaves EPOLLHUP and EPOLLERR. Throws SystemError.
  void change(FdRef fd, std::uint32_t events);
  /// Does nothing for a descriptor that is not watched.
  void forget(FdRef fd) noexcept;
  bool is_watched(FdRef fd) const { return watched_.contains(fd.get()); }

  /// Calls `on_time` once, in the first turn after `when`.
  Timer at(Clock::time_point when, OnTime on_time);
  /// Does nothing for a timer that is over.
  void cancel(const Timer& timer) { timers_.erase(timer); }

  /// Waits until a descriptor is ready or a timer is due, at most for `most` (for ever without it), and calls
  /// what is. Returns false when nothing was. An interrupted wait is an empty turn. Throws SystemError and
  /// what a callback throws.
  bool turn(std::optional<std::chrono::milliseconds> most = std::nullopt);

 private:
  struct Watched {
    std::uint64_t id = 0;
    std::uint32_t events = 0;
    bool is_always_ready = false;
    OnReady on_ready;
  };
  struct Ready {
    int fd;
    std::uint64_t id;
    std::uint32_t events;
  };

  int timeout(std::optional<std::chrono::milliseconds> most) const;
  void collect_ready(int count);
  bool call(const Ready& ready);
  bool call_timers();

  Fd epoll_;
  std::unordered_map<int, Watched> watched_;
  std::vector<int> always_ready_;
  std::map<Timer, OnTime> timers_;
  std::vector<Ready> ready_;
  std::uint64_t next_id_ = 1;
};

}  // namespace mrf::io
