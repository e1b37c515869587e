// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mrf::fetch {

/// Which files of a list are fetched when: those that are not put off in their order, `at_a_time` of them;
/// then, when none of these is under way, the others, the smallest first. Pure.
class FilePlan {
 public:
  /// While the first files come, `whole_at_a_time` may be written out beside them, at least `at_a_time`.
  FilePlan(std::size_t files, unsigned at_a_time, bool continue_after_error, unsigned whole_at_a_time = 0)
      : files_(files),
        at_a_time_(at_a_time),
        whole_at_a_time_(whole_at_a_time),
        continue_(continue_after_error) {}

  /// A file to begin now, which is under way from then on.
  std::optional<std::size_t> next();
  /// Files under way are to be fewer.
  void limit(unsigned at_a_time) { at_a_time_ = at_a_time; }
  /// Everything of a file came, which is still under way. Another one may begin beside it, when several may
  /// come at a time; of the large files no more than as many again.
  void on_whole() { ++whole_; }
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
  bool continue_;
  std::size_t next_ = 0;
  std::size_t under_way_ = 0;
  std::size_t whole_ = 0;  ///< of these
  bool is_second_ = false;
  bool stopped_ = false;
  std::vector<std::pair<std::uint64_t, std::size_t>> put_off_;  ///< size and number; of the second round
};

/// How many requests are under way to each host: `most` at a time, the others of a host wait in their order,
/// and hold up no request to another host. Pure.
class HostLimit {
 public:
  using Ticket = std::uint64_t;

  explicit HostLimit(unsigned most) : most_(most) {}

  /// A request wants to go to `host`. True when it may go at once; else next() names it when it may.
  bool ask(const std::string& host, Ticket ticket);
  /// A request that went to `host` is over.
  void release(const std::string& host);
  /// A request that waits is not wanted any more.
  void withdraw(const std::string& host, Ticket ticket);
  /// A request that waited and goes now.
  std::optional<Ticket> next();

 private:
  struct Host {
    unsigned under_way = 0;
    std::deque<Ticket> waiting;
  };

  unsigned most_;
  std::map<std::string, Host> hosts_;  ///< those without any request have no entry
  std::deque<Ticket> ready_;
};

}  // namespace mrf::fetch
