// SPDX-License-Identifier: MIT
#include "store/refreshable_credentials.h"

#include <algorithm>
#include <stop_token>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "http/retry.h"

namespace mrf::store {

namespace {

using std::chrono::milliseconds;

constexpr std::chrono::minutes before_expiry{5};
constexpr std::chrono::seconds between_looks{10};
constexpr std::chrono::seconds between_early_looks{60};  // that fail
// After endpoints that are unavailable: half of the waits of http::RetryPolicy.
constexpr milliseconds first_pause = http::RetryPolicy::first_wait / 2;
constexpr milliseconds longest_pause = http::RetryPolicy::longest_wait / 2;

}  // namespace

RefreshableCredentials::Look RefreshableCredentials::needed(std::chrono::sys_seconds now) {
  const bool is_due = !has_looked_ || (found_ && found_->expires && *found_->expires - before_expiry <= now);
  if (!is_due) return 0;
  if (!is_valid(now)) return next_look();
  if (!runs() && clock_() >= next_early_look_) begin();
  return 0;
}

RefreshableCredentials::Look RefreshableCredentials::renew() {
  return failure_ || runs() ? next_look() : begin();
}

RefreshableCredentials::Look RefreshableCredentials::next_look() {
  if (runs()) return over_ + 1;
  if (clock_() >= next_look_) return begin();
  if (!is_unavailable_) return 0;
  is_wanted_ = true;
  return over_ + 1;
}

// What needs no endpoint is found at once.
RefreshableCredentials::Look RefreshableCredentials::begin() {
  const Look number = over_ + 1;
  try {
    Outcome outcome{chain_.from_settings()};
    if (outcome.found || !chain_.has_endpoint()) {
      end(std::move(outcome));
      return number;
    }
  } catch (const base::Error&) {
    end({std::nullopt, std::current_exception()});
    return number;
  }
  try {
    thread_ = std::jthread([this](const std::stop_token& stop) {
      Outcome outcome;
      try {
        outcome.found = chain_.from_endpoints(stop);
      } catch (...) {
        outcome.failure = std::current_exception();
      }
      {
        const std::lock_guard lock(mutex_);
        outcome_ = std::move(outcome);
      }
      wake_();
    });
  } catch (const std::system_error& error) {
    end({std::nullopt,
         std::make_exception_ptr(base::SystemError("start", "a thread", error.code().value()))});
  }
  return number;
}

bool RefreshableCredentials::poll() {
  if (!runs()) {
    if (!is_wanted_ || clock_() < next_look_) return false;
    return is_over(begin());
  }
  {
    const std::lock_guard lock(mutex_);
    if (!outcome_) return false;
  }
  thread_.join();
  end(*std::exchange(outcome_, std::nullopt));
  return true;
}

void RefreshableCredentials::end(Outcome outcome) {
  ++over_;
  is_wanted_ = is_unavailable_ = false;
  failure_ = outcome.failure;
  if (failure_) {
    ++failures_;
    try {
      std::rethrow_exception(failure_);
    } catch (const base::Error& error) {
      is_unavailable_ = error.status() == base::Status::unavailable;
    }
  } else {
    found_ = std::move(outcome.found);
    has_looked_ = true;
    failures_ = 0;
  }
  const auto now = clock_();
  next_early_look_ = now + (failure_ ? between_early_looks : between_looks);
  next_look_ =
      now + (is_unavailable_ ? std::min(first_pause * (1 << std::min(failures_ - 1, 10U)), longest_pause)
                             : milliseconds(between_looks));
}

std::optional<std::chrono::steady_clock::time_point> RefreshableCredentials::next_time() const {
  return is_wanted_ && !runs() ? std::optional(next_look_) : std::nullopt;
}

void RefreshableCredentials::require_success() const {
  if (failure_) std::rethrow_exception(failure_);
}

bool RefreshableCredentials::is_valid(std::chrono::sys_seconds now) const {
  return has_looked_ && (!found_ || !found_->expires || *found_->expires > now);
}

const std::optional<AwsCredentials>& RefreshableCredentials::get(std::chrono::sys_seconds now) const {
  if (!is_valid(now)) require_success();
  return found_;
}

}  // namespace mrf::store
