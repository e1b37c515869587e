// SPDX-License-Identifier: MIT
#include "fetch/worker.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/message.h"
#include "http/redirect.h"
#include "http/server_reason.h"

namespace mrf::fetch {

namespace {

constexpr std::size_t most_error_bytes = 64 << 10;
constexpr std::chrono::milliseconds longest_poll{200};

}  // namespace

// One request at a time, redirections followed.
class Worker::Slot final : public http::Receiver {
 public:
  explicit Slot(Worker& worker) : worker_(worker), policy_(worker.options_.retries, worker.options_.random) {}

  bool runs() const { return runs_; }
  std::chrono::steady_clock::time_point due() const { return due_; }

  PartPool::Next try_start() {
    const auto next = worker_.pool_.claim(claim_);
    if (next != PartPool::Next::claimed) return next;
    redirects_ = 0;
    from_known_location_ = claim_.from.has_value();
    request_ = claim_.from.value_or(own_request());
    send();
    return next;
  }

  bool on_head(const http::ResponseHead& head) override {
    head_ = head;
    if (!succeeded()) return true;
    if (redirects_ > 0) worker_.pool_.set_location(request_);
    return worker_.pool_.accept(claim_, head);
  }
  bool has_room(std::size_t bytes) override {
    if (!succeeded()) return true;
    if (!worker_.network_.has_waited() && !head_.shares_connection() && worker_.pool_.is_early(claim_))
      return false;
    return worker_.pool_.has_room(claim_, gathered_.size() + bytes);
  }
  // libcurl gives 16 KiB at a time, too little for a write each.
  bool on_body(std::string_view bytes) override {
    if (succeeded()) {
      worker_.bytes_in_ += bytes.size();
      if (gathered_.size() + bytes.size() > worker_.options_.gathered) hand_over();
      if (!is_stopped_) gathered_.append(bytes);
      return !is_stopped_;
    }
    body_.append(bytes.substr(0, most_error_bytes - body_.size()));
    return body_.size() < most_error_bytes;
  }
  void hand_over() {
    if (!gathered_.empty()) is_stopped_ = !worker_.pool_.take(claim_, gathered_);
    gathered_.clear();
  }
  void on_end(const http::Ending& ending) override {
    runs_ = false;
    hand_over();
    if (http::is_redirect(head_.status())) {
      follow();
      return;
    }
    const bool complete = ending.kind == http::Ending::Kind::complete && succeeded();
    if (!worker_.pool_.end(claim_, complete) && !is_asked_otherwise()) fail(ending);
  }

 private:
  bool succeeded() const { return head_.status() >= 200 && head_.status() < 300; }

  http::Request own_request() const { return {worker_.url_, worker_.options_.headers}; }

  void send() {
    head_ = {};
    body_.clear();
    gathered_.clear();
    gathered_.reserve(worker_.options_.gathered);
    is_stopped_ = false;
    http::Request request = request_;
    const auto& own = worker_.options_.headers;
    for (auto& field : PartPool::request_fields(claim_)) {
      // What the user says of encodings comes first.
      const bool is_said = std::any_of(own.begin(), own.end(), [&](const auto& line) {
        return http::equal_names(line.substr(0, line.find(':')), field.substr(0, field.find(':')));
      });
      if (!is_said) request.headers.push_back(std::move(field));
    }
    worker_.network_.start(request, *this);
    runs_ = true;
  }

  void follow() {
    if (++redirects_ > http::most_redirects)
      throw base::Error(base::Status::refused, "fetch", worker_.url_.shown(),
                        fmt::format("more than {} redirections, one after the other", http::most_redirects));
    request_ = http::follow_redirect(request_, head_);
    base::note(fmt::format("'{}' redirects to '{}'", worker_.url_.shown(), request_.url.shown()));
    send();
  }

  // Refusals that do not count: If-Match is left away when it is refused, the entity tags are compared all
  // the same; and the place where redirections led may have expired, the URL itself is asked again.
  bool is_asked_otherwise() {
    const int status = head_.status();
    if (status == 412 && claim_.if_match) {
      worker_.pool_.leave_if_match_away();
      return true;
    }
    const bool may_have_expired = status == 401 || status == 403 || status == 404 || status == 410;
    if (!from_known_location_ || !may_have_expired) return false;
    worker_.pool_.set_location(std::nullopt);
    return true;
  }

  std::string reason_of(const http::Ending& ending) const {
    if (!claim_.objection.empty()) return claim_.objection;
    if (head_.status() != 0 && !succeeded()) return http::server_reason(head_, body_);
    if (ending.kind != http::Ending::Kind::complete) return ending.reason;
    const auto end = claim_.ranged ? claim_.end : worker_.pool_.total().value_or(0);
    return fmt::format("the server sent {} of {} bytes", claim_.position - claim_.at, end - claim_.at);
  }

  void fail(const http::Ending& ending) {
    const std::string name = worker_.url_.shown();
    if (ending.kind == http::Ending::Kind::failed)
      throw base::Error(base::Status::failure, "fetch", name, ending.reason);
    if (ending.kind == http::Ending::Kind::malformed) throw base::DataError("fetch", name, ending.reason);
    const int status = head_.status();
    const std::string reason = reason_of(ending);
    const bool version_gone = claim_.ranged && (status == 412 || status == 416);
    if (status >= 300 && !http::is_transient(status) && !version_gone) {
      if (!worker_.pool_.goes_on_without_ranges(claim_))
        throw base::Error(base::Status::refused, "fetch", name, reason);
      base::note(
          fmt::format("'{}' is fetched in one response, since the server refuses parts: {}", name, reason));
      return;
    }
    retry(name, reason, version_gone);
  }

  void retry(const std::string& name, const std::string& reason, bool version_gone) {
    const auto asked = succeeded() ? std::nullopt : http::retry_after(head_, worker_.clock_.wall_time());
    const auto wait = policy_.after_failure(worker_.pool_.bytes(), asked);
    worker_.pool_.set_location(std::nullopt);  // another place may do better
    if (!wait && asked > http::RetryPolicy::longest_asked)
      throw base::Error(base::Status::unavailable, "fetch", name,
                        fmt::format("{}; the server asks to come back in {} s", reason, asked->count()));
    if (!wait) {
      const auto times = policy_.failures() == 1 ? "" : fmt::format(", {} times", policy_.failures());
      throw base::Error(base::Status::unavailable, "fetch", name, reason + times);
    }
    if (version_gone) {
      worker_.pool_.version_is_gone();
    } else {
      worker_.pool_.interrupted(reason);
    }
    base::warn(fmt::format("cannot fetch '{}': {}; trying again in {:.1f} s ({} of {})", name, reason,
                           static_cast<double>(wait->count()) / 1000, policy_.failures(),
                           worker_.options_.retries));
    due_ = worker_.clock_.now() + *wait;
  }

  Worker& worker_;
  http::RetryPolicy policy_;
  Claim claim_;
  http::Request request_{worker_.url_, {}};
  http::ResponseHead head_;
  std::string body_;
  std::string gathered_;     ///< data that the pool does not have yet
  bool is_stopped_ = false;  ///< no more is wanted
  int redirects_ = 0;
  bool from_known_location_ = false;  ///< the request went where earlier redirections led
  bool runs_ = false;
  std::chrono::steady_clock::time_point due_;
};

Worker::Worker(http::Network& network, http::Clock& clock, PartPool& pool, const http::Url& url,
               const FetchOptions& options)
    : network_(network), clock_(clock), pool_(pool), url_(url), options_(options) {}

Worker::~Worker() { network_.stop_all(); }

void Worker::add_slots(unsigned count) {
  while (count-- > 0) slots_.push_back(std::make_unique<Slot>(*this));
}

bool Worker::step(ObjectOutput& output) {
  if (pool_.is_over()) return false;
  const auto now = clock_.now();
  auto sleep_until = std::chrono::steady_clock::time_point::max();
  bool runs = false;
  bool no_room = false;
  for (const auto& slot : slots_) {
    if (!slot->runs() && slot->due() > now) {
      sleep_until = std::min(sleep_until, slot->due());
      continue;
    }
    if (!slot->runs()) no_room |= slot->try_start() == PartPool::Next::no_room;
    runs |= slot->runs();
  }
  const auto time = std::chrono::ceil<std::chrono::milliseconds>(sleep_until - now);
  if (runs) {
    network_.poll(no_room ? longest_poll / 10 : std::min(longest_poll, time));
    for (const auto& slot : slots_) slot->hand_over();
  } else if (no_room) {
    output.wait_for_room();
  } else if (sleep_until != std::chrono::steady_clock::time_point::max()) {
    clock_.wait(time);
  } else {
    pool_.wait_for_others();
  }
  return true;
}

}  // namespace mrf::fetch
