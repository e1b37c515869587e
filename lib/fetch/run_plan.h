// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mrf::fetch {

/// Which files of a list are fetched when: those that are not put off in their order, `small_at_a_time` of
/// them; then, when none of these is under way but such as are held, the others, `at_a_time` of them, the
/// smallest first. Pure.
class FilePlan {
 public:
  /// While the first files come, `whole_at_a_time` may be written out beside them. Both this and
  /// `small_at_a_time` are at least `at_a_time`.
  FilePlan(std::size_t files, unsigned at_a_time, bool continue_after_error, unsigned whole_at_a_time = 0,
           unsigned small_at_a_time = 0)
      : files_(files),
        at_a_time_(at_a_time),
        whole_at_a_time_(whole_at_a_time),
        small_at_a_time_(small_at_a_time),
        continue_(continue_after_error) {}

  /// A file to begin now, which is under way from then on.
  std::optional<std::size_t> next();
  /// Files under way are to be fewer.
  void limit(unsigned at_a_time) {
    if (at_a_time < at_a_time_) small_at_a_time_ = at_a_time;
    at_a_time_ = at_a_time;
  }
  /// Everything of a file came, which is still under way. Another one may begin beside it, when several may
  /// come at a time; of the large files no more than as many again.
  void on_whole() { ++whole_; }
  /// All requests of a file that is under way are held, or that is over (RequestQueue). Others may begin
  /// beside it as beside one that is whole.
  void on_held(bool is_held) { is_held ? ++held_ : --held_; }
  /// The file is not under way any more, and begins again when the smaller ones are over; `size` in bytes.
  void put_off(std::size_t file, std::uint64_t size);
  /// True while the first files come, of which large ones are put off.
  bool puts_off() const { return !is_second_; }
  /// The file is over; `was_whole` when on_whole() was called for it. After a failure nothing more begins,
  /// unless the user wants that.
  void on_end(bool failed, bool was_whole = false);
  bool is_stopped() const { return stopped_; }
  bool is_over() const;

 private:
  std::size_t files_;
  unsigned at_a_time_;
  unsigned whole_at_a_time_;
  unsigned small_at_a_time_;
  bool continue_;
  std::size_t next_ = 0;
  std::size_t under_way_ = 0;
  std::size_t whole_ = 0;  ///< of these
  std::size_t held_ = 0;   ///< the same
  bool is_second_ = false;
  bool stopped_ = false;
  std::vector<std::pair<std::uint64_t, std::size_t>> put_off_;  ///< size and number; of the second round
};

/// How many requests are under way to all hosts.
struct TotalLimit {
  unsigned most;
  unsigned under_way = 0;
};

/// How many requests are under way to each host, `most_to_host` at a time, and to all of them. The
/// others of a host wait in their order, and hold up no request to another host. A host that says that it is
/// busy gets nothing until the time that it names, and then half as many requests at a time, at least one; as
/// many successes let it have one more again. Pure: the time comes with the events.
class HostLimit {
 public:
  using Ticket = std::uint64_t;
  using Time = std::chrono::steady_clock::time_point;

  /// The total may be that of several limits, and outlives them.
  HostLimit(unsigned most_to_host, TotalLimit& total) : most_to_host_(most_to_host), total_(total) {}

  /// A request wants to go to `host`. True when it may go at once; else next() names it when it may.
  bool ask(const std::string& host, Ticket ticket, Time now);
  /// A request waits for its turn, and next() names it.
  void wait(const std::string& host, Ticket ticket) { entry_of(host).waiting.push_back(ticket); }
  /// A request that goes to `host` counts again, whether or not it may.
  void take(const std::string& host);
  /// A request that went to `host` is over, or does not count for a while.
  void release(const std::string& host);
  /// A request that waits is not wanted any more.
  void withdraw(const std::string& host, Ticket ticket);
  /// The host wants no request before `until`.
  void on_busy(const std::string& host, Time now, Time until);
  /// A request to the host brought what it was to bring.
  void on_success(const std::string& host);
  /// A request that waited and goes now; the hosts have their turns.
  std::optional<Ticket> next(Time now);
  /// When next() may have a request that has to wait at this moment, unless a request ends before.
  std::optional<Time> next_time() const;

 private:
  struct Host {
    unsigned allowed;  ///< at a time
    unsigned under_way = 0;
    unsigned successes = 0;  ///< since `allowed` is what it is
    Time closed_until = Time::min();
    std::deque<Ticket> waiting{};
  };

  bool has_room(const Host& host, Time now) const;
  Host& entry_of(const std::string& host);

  unsigned most_to_host_;
  TotalLimit& total_;
  std::map<std::string, Host> hosts_;
  std::string last_;  ///< the host that had its turn
};

}  // namespace mrf::fetch
