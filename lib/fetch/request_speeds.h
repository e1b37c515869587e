// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>

namespace mrf::fetch {

/// How fast the requests of one object bring bytes, each measured against the others. A slot has one request
/// at a time. Pure: the time comes with the events.
///
/// A speed is that of a window of a second or more, which goes on from a slot's request to its next one, and
/// does not count while the slot has none; of a slot that has ended before, it is that of its requests. A
/// window in which the receiver held the slot back says nothing. A slot is slow when it has brought less than
/// a quarter of what the others bring (their median), in several windows, one after the other: two at first,
/// and twice as many each time that a request was given up for it, so that a place which is slow for
/// everybody is given the time that it needs.
class RequestSpeeds {
 public:
  using Time = std::chrono::steady_clock::time_point;

  void on_start(std::size_t slot, Time now);
  /// The same for a request of another object than the slot's last one: that one's slowness, and a window
  /// with bytes of it, are not held against this one.
  void on_start_of_other(std::size_t slot, Time now);
  void on_end(std::size_t slot);
  void on_bytes(std::size_t slot, std::uint64_t bytes) { slots_[slot].bytes += bytes; }
  /// The receiver holds the slot back.
  void on_rest(std::size_t slot) { slots_[slot].rests = true; }
  /// Closes the windows that are over.
  void on_time(Time now);
  /// A request is given up, since it is slow.
  void on_replaced(std::size_t slot);

  /// Bytes a second in the last window; nothing when there was none.
  std::optional<double> of(std::size_t slot) const;
  /// The median of the others' speeds.
  std::optional<double> of_others(std::size_t slot) const;
  /// Whether another request in its place would bring the `left` bytes clearly earlier.
  bool is_slow(std::size_t slot, std::uint64_t left) const;

  static constexpr std::chrono::seconds window{1};
  static constexpr std::chrono::seconds least_gain{2};
  static constexpr double slow_share = 0.25;

 private:
  struct Slot {
    bool runs = false;
    bool rests = false;         ///< the window says nothing
    bool is_shared = false;     ///< the window began with another object
    std::optional<Time> since;  ///< the window's beginning
    Time ended{};               ///< when the last request was over
    std::uint64_t bytes = 0;
    std::optional<double> speed;
    unsigned slow_windows = 0;
    unsigned patience = 2;
  };

  std::map<std::size_t, Slot> slots_;
  Time now_{};
};

}  // namespace mrf::fetch
