// SPDX-License-Identifier: MIT
#include "fetch/run_plan.h"

#include <algorithm>

namespace mrf::fetch {

std::optional<std::size_t> FilePlan::next() {
  const unsigned most_whole = is_second_ ? at_a_time_ : std::max(at_a_time_, whole_at_a_time_);
  const std::size_t beside = at_a_time_ == 1 ? 0 : std::min<std::size_t>(whole_, most_whole);
  if (stopped_ || under_way_ >= at_a_time_ + beside) return std::nullopt;
  if (!is_second_ && next_ == files_) {
    if (under_way_ > 0) return std::nullopt;
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

bool HostLimit::ask(const std::string& host, Ticket ticket) {
  Host& entry = hosts_[host];
  if (entry.under_way < most_) {
    ++entry.under_way;
    return true;
  }
  entry.waiting.push_back(ticket);
  return false;
}

void HostLimit::release(const std::string& host) {
  const auto place = hosts_.find(host);
  Host& entry = place->second;
  if (!entry.waiting.empty()) {  // its share goes to the next one
    ready_.push_back(entry.waiting.front());
    entry.waiting.pop_front();
  } else if (--entry.under_way == 0) {
    hosts_.erase(place);
  }
}

void HostLimit::withdraw(const std::string& host, Ticket ticket) {
  if (std::erase(hosts_.at(host).waiting, ticket) == 0 && std::erase(ready_, ticket) == 1) release(host);
}

std::optional<HostLimit::Ticket> HostLimit::next() {
  if (ready_.empty()) return std::nullopt;
  const Ticket ticket = ready_.front();
  ready_.pop_front();
  return ticket;
}

}  // namespace mrf::fetch
