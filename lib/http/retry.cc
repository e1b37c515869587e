// SPDX-License-Identifier: MIT
#include "http/retry.h"

#include <curl/curl.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "io/signals.h"

namespace mrf::http {

namespace {

class SystemClock final : public Clock {
 public:
  std::chrono::steady_clock::time_point now() override { return std::chrono::steady_clock::now(); }
  std::chrono::seconds wall_time() override { return std::chrono::seconds(std::time(nullptr)); }
  void wait(std::chrono::milliseconds time) override { io::sleep_unless_interrupted(time); }
};

std::optional<std::chrono::seconds> later_than_now(std::chrono::seconds time) {
  if (time.count() <= 0) return std::nullopt;
  return time;
}

}  // namespace

Clock& system_clock() {
  static SystemClock clock;
  return clock;
}

std::optional<std::chrono::seconds> retry_after(const ResponseHead& head, std::chrono::seconds wall_time) {
  const auto value = head.field("Retry-After");
  if (!value) return std::nullopt;
  constexpr std::uint64_t far = 1 << 30;
  if (!value->empty() && value->find_first_not_of("0123456789") == std::string::npos)
    return later_than_now(std::chrono::seconds(std::min(parse_number(*value).value_or(far), far)));
  const std::chrono::seconds date(::curl_getdate(value->c_str(), nullptr));
  return later_than_now(date - wall_time);
}

bool is_transient(int status) { return status == 408 || status == 429 || (status >= 500 && status < 600); }

RetryPolicy::RetryPolicy(unsigned retries, std::function<double()> random)
    : retries_(retries), random_(std::move(random)) {}

std::optional<std::chrono::milliseconds> RetryPolicy::after_failure(
    std::uint64_t reached, std::optional<std::chrono::seconds> asked) {
  if (reached >= reached_ + progress) {
    reached_ = reached;
    failures_ = 0;
  }
  ++failures_;
  if (failures_ > retries_) return std::nullopt;
  if (asked) {
    if (*asked > longest_asked) return std::nullopt;
    return *asked;
  }
  const auto doublings = std::min(failures_ - 1, 10U);
  const auto wait = std::min(first_wait * (1 << doublings), longest_wait);
  const double share = 1.0 - random_() / 2;
  return std::chrono::milliseconds(static_cast<std::int64_t>(static_cast<double>(wait.count()) * share));
}

}  // namespace mrf::http
