// SPDX-License-Identifier: MIT
#include "fetch/request_queue.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

namespace mrf::fetch {

namespace {

// How long a host that says that it is busy, and not for how long, gets no further request.
constexpr std::chrono::milliseconds pause_of_busy_host{250};

}  // namespace

RequestQueue::RequestQueue(http::Network& network, http::Clock& clock, RequestLimits limits)
    : network_(network),
      clock_(clock),
      total_{limits.total},
      own_(limits.to_host, total_),
      shared_(limits.total, total_) {}

RequestQueue::Ticket RequestQueue::start(const http::Request& request, http::Receiver& receiver) {
  const Ticket ticket = ++last_ticket_;
  UnderWay entry{request.url.origin()};
  entry.shares = request.shares_connection && sharing_.contains(entry.origin);
  if (const auto awaited = network_.awaited(request); !network_.is_over(awaited)) {
    Waiting waiting{request, &receiver, true};
    waiting.request.waited_for = awaited;
    under_way_.emplace(ticket, std::move(entry));
    waiting_.emplace(ticket, std::move(waiting));
    held_.push_back(ticket);
    return ticket;
  }
  const bool goes = limit_of(entry).ask(entry.origin, ticket, clock_.now());
  under_way_[ticket] = std::move(entry);
  if (goes) {
    try {
      network_.start(request, receiver);
    } catch (...) {
      on_end(ticket);
      throw;
    }
  } else {
    waiting_.emplace(ticket, Waiting{request, &receiver});
  }
  return ticket;
}

void RequestQueue::on_head(Ticket ticket, const http::ResponseHead& head) {
  const auto place = under_way_.find(ticket);
  if (place == under_way_.end()) return;
  const UnderWay& request = place->second;
  if (head.shares_connection()) sharing_.insert(request.origin);
  if (head.is_success()) {
    limit_of(request).on_success(request.origin);
  } else if (head.status() == 429 || head.status() == 503) {
    const auto asked = http::retry_after(head, clock_.wall_time());
    if (asked > http::RetryPolicy::longest_asked) return;
    const std::chrono::milliseconds pause = asked ? *asked : pause_of_busy_host;
    const auto now = clock_.now();
    limit_of(request).on_busy(request.origin, now, now + pause);
  }
}

void RequestQueue::on_end(Ticket ticket) {
  const auto place = under_way_.find(ticket);
  if (!place->second.is_aside) limit_of(place->second).release(place->second.origin);
  under_way_.erase(place);
}

void RequestQueue::set_aside(Ticket ticket) {
  const auto place = under_way_.find(ticket);
  if (place == under_way_.end() || std::exchange(place->second.is_aside, true)) return;
  limit_of(place->second).release(place->second.origin);
}

void RequestQueue::take_up(Ticket ticket) {
  const auto place = under_way_.find(ticket);
  if (place == under_way_.end() || !std::exchange(place->second.is_aside, false)) return;
  limit_of(place->second).take(place->second.origin);
}

bool RequestQueue::is_held(Ticket ticket) const {
  if (held_.empty()) return false;
  const auto place = waiting_.find(ticket);
  return place != waiting_.end() && place->second.is_held;
}

// What they have waited for is over, and they wait for their places.
void RequestQueue::end_holds() {
  std::erase_if(held_, [this](Ticket ticket) {
    Waiting& waiting = waiting_.at(ticket);
    if (!network_.is_over(waiting.request.waited_for)) return false;
    waiting.is_held = false;
    const UnderWay& request = under_way_.at(ticket);
    limit_of(request).wait(request.origin, ticket);
    return true;
  });
}

void RequestQueue::stop(Ticket ticket, http::Receiver& receiver, bool closes) {
  const bool was_held = std::erase(held_, ticket) > 0;
  if (waiting_.erase(ticket) == 0) {
    if (closes) {
      network_.stop_and_close(receiver);
    } else {
      network_.stop(receiver);
    }
    on_end(ticket);
    return;
  }
  const auto place = under_way_.find(ticket);
  if (!was_held) limit_of(place->second).withdraw(place->second.origin, ticket);
  under_way_.erase(place);
}

void RequestQueue::start_those_that_may(const OnStart& on_start, const OnFailure& on_failure) {
  end_holds();
  if (!has_waiting()) return;
  const auto now = clock_.now();
  // Requests with connections of their own and those that share connections take turns, so that neither kind
  // takes all places.
  for (int without = 0; without < 2; own_is_next_ = !own_is_next_) {
    const auto ticket = (own_is_next_ ? own_ : shared_).next(now);
    without = ticket ? 0 : without + 1;
    if (!ticket) continue;
    const auto place = waiting_.find(*ticket);
    const Waiting waiting = std::move(place->second);
    waiting_.erase(place);
    bool is_started = false;
    try {
      network_.start(waiting.request, *waiting.receiver);
      is_started = true;
      on_start(*waiting.receiver);
    } catch (...) {
      if (is_started) network_.stop(*waiting.receiver);
      on_end(*ticket);
      on_failure(*waiting.receiver, std::current_exception());
    }
  }
}

std::optional<HostLimit::Time> RequestQueue::next_time() const {
  const auto own = own_.next_time();
  const auto shared = shared_.next_time();
  if (!own || !shared) return own ? own : shared;
  return std::min(*own, *shared);
}

}  // namespace mrf::fetch
