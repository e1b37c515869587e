// SPDX-License-Identifier: MIT
#include "fetch/run_plan.h"

#include <algorithm>

namespace mrf::fetch {

std::optional<std::size_t> FilePlan::next() {
  const unsigned at_a_time = is_second_ ? at_a_time_ : std::max(at_a_time_, small_at_a_time_);
  const unsigned most_held = std::max(at_a_time_, whole_at_a_time_);
  const unsigned most_whole = is_second_ ? at_a_time_ : most_held;
  const std::size_t beside =
      at_a_time == 1 ? 0
                     : std::min<std::size_t>(whole_, most_whole) + std::min<std::size_t>(held_, most_held);
  if (stopped_ || under_way_ >= at_a_time + beside) return std::nullopt;
  if (!is_second_ && next_ == files_) {
    if (under_way_ > held_) return std::nullopt;
    is_second_ = true;
    std::stable_sort(put_off_.begin(), put_off_.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    next_ = 0;
  }
  if (next_ == (is_second_ ? put_off_.size() : files_)) return std::nullopt;
  ++under_way_;
  const std::size_t number = next_++;
  return is_second_ ? put_off_[number].second : number;
}

void FilePlan::put_off(std::size_t file, std::uint64_t size) {
  --under_way_;
  put_off_.emplace_back(size, file);
}

void FilePlan::on_end(bool failed, bool was_whole) {
  --under_way_;
  if (was_whole) --whole_;
  if (failed && !continue_) stopped_ = true;
}

bool FilePlan::is_over() const {
  if (under_way_ > 0) return false;
  return stopped_ || (next_ == files_ && put_off_.empty()) || (is_second_ && next_ == put_off_.size());
}

HostLimit::Host& HostLimit::entry_of(const std::string& host) {
  return hosts_.try_emplace(host, Host{most_to_host_}).first->second;
}

bool HostLimit::has_room(const Host& host, Time now) const {
  return total_.under_way < total_.most && host.under_way < host.allowed && now >= host.closed_until;
}

bool HostLimit::ask(const std::string& host, Ticket ticket, Time now) {
  Host& entry = entry_of(host);
  if (!entry.waiting.empty() || !has_room(entry, now)) {
    entry.waiting.push_back(ticket);
    return false;
  }
  ++entry.under_way;
  ++total_.under_way;
  return true;
}

void HostLimit::take(const std::string& host) {
  ++entry_of(host).under_way;
  ++total_.under_way;
}

void HostLimit::release(const std::string& host) {
  --hosts_.at(host).under_way;
  --total_.under_way;
}

void HostLimit::withdraw(const std::string& host, Ticket ticket) {
  std::erase(hosts_.at(host).waiting, ticket);
}

// Requests that were on their way when the host said that it is busy do not reduce the number again.
void HostLimit::on_busy(const std::string& host, Time now, Time until) {
  Host& entry = entry_of(host);
  if (now >= entry.closed_until) {
    entry.allowed = std::max(1U, std::min(entry.allowed, entry.under_way) / 2);
    entry.successes = 0;
  }
  entry.closed_until = std::max(entry.closed_until, until);
}

void HostLimit::on_success(const std::string& host) {
  Host& entry = entry_of(host);
  if (++entry.successes < entry.allowed) return;
  entry.successes = 0;
  entry.allowed = std::min(entry.allowed + 1, most_to_host_);
}

std::optional<HostLimit::Ticket> HostLimit::next(Time now) {
  const auto is_next = [&](const auto& host) {
    return !host.second.waiting.empty() && has_room(host.second, now);
  };
  auto place = std::find_if(hosts_.upper_bound(last_), hosts_.end(), is_next);
  if (place == hosts_.end()) place = std::find_if(hosts_.begin(), hosts_.end(), is_next);
  if (place == hosts_.end()) return std::nullopt;
  last_ = place->first;
  Host& entry = place->second;
  const Ticket ticket = entry.waiting.front();
  entry.waiting.pop_front();
  ++entry.under_way;
  ++total_.under_way;
  return ticket;
}

std::optional<HostLimit::Time> HostLimit::next_time() const {
  std::optional<Time> next;
  if (total_.under_way >= total_.most) return next;
  for (const auto& [name, host] : hosts_) {
    if (host.waiting.empty() || host.closed_until == Time::min() || host.under_way >= host.allowed) continue;
    if (!next || host.closed_until < *next) next = host.closed_until;
  }
  return next;
}

}  // namespace mrf::fetch
