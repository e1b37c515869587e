// SPDX-License-Identifier: MIT
#include "fetch/download.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "fetch/server_reason.h"
#include "fetch/target.h"
#include "sys/error.h"
#include "sys/io.h"
#include "sys/message.h"

namespace mrf {

Download::Download(Network& network, Clock& clock, Url url, std::string path, DownloadOptions options)
    : network_(network),
      clock_(clock),
      url_(std::move(url)),
      path_(std::move(path)),
      options_(std::move(options)),
      policy_(options_.retries, options_.random) {}

void Download::run(Meter& in, Meter& out) {
  in_ = &in;
  out_ = &out;
  for (;;) {
    objection_.clear();
    skip_ = 0;
    const Answer answer = exchange(network_, request(), *this);
    if (is_complete(answer)) break;
    throw_if_final(answer);
    wait_or_give_up(answer);
  }
  output_->commit();
}

Request Download::request() const {
  Request request{url_, options_.headers};
  request.headers.emplace_back("Accept-Encoding: identity");
  if (position_ > 0) {
    request.headers.push_back(fmt::format("Range: bytes={}-", position_));
    request.headers.push_back("If-Match: " + version_.etag.value());
  }
  return request;
}

bool Download::accept(const ResponseHead& head) {
  if (head.status() != 200 && head.status() != 206)
    throw DataError("fetch", url_.shown(), fmt::format("the server answers {}", server_reason(head, "")));
  if (head.status() == 206 && !fits(head)) {
    objection_ = "the server sends another range than it was asked for";
    if (position_ > 0) forget_data(Status::unavailable);
    return false;
  }
  const ObjectVersion now = version_of(head);
  if (position_ > 0 && surely_equal(version_, now)) {
    if (head.status() == 200) skip_ = position_;
    return true;
  }
  if (position_ > 0 && !start_over(head)) return false;
  version_ = now;
  if (!output_) open_output(head);
  return true;
}

// True when a 206 is the very rest of the object that was asked for.
bool Download::fits(const ResponseHead& head) const {
  const auto range = head.content_range();
  if (position_ == 0 || !range || !range->satisfied || !range->total) return false;
  const auto length = head.content_length();
  return range->first == position_ && range->last + 1 == *range->total &&
         (!length || *length == range->last - range->first + 1);
}

// The object is not the one that the output has the start of. False when this response is of no use.
bool Download::start_over(const ResponseHead& head) {
  if (changed_) throw DataError("fetch", url_.shown(), "the object changes while it is fetched");
  changed_ = true;
  objection_ = "the object changed while it was fetched";
  forget_data(Status::bad_data);
  return head.status() == 200;
}

// What went to a pipe cannot be taken back: the download fails with that status.
void Download::forget_data(Status when_gone_out) {
  if (output_->is_direct()) {
    throw Error(when_gone_out, "fetch", url_.shown(),
                fmt::format("{} after {} bytes went to '{}'", objection_, position_, target_));
  }
  if (::ftruncate(output_->fd().get(), 0) != 0 || ::lseek(output_->fd().get(), 0, SEEK_SET) != 0)
    throw SystemError("write", output_->name());
  position_ = 0;
}

void Download::open_output(const ResponseHead& head) {
  output_.emplace(choose_target(path_, url_, head));
  target_ = output_->name();
}

bool Download::take(std::string_view bytes) {
  in_->bytes += bytes.size();
  const auto known = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, bytes.size()));
  skip_ -= known;
  bytes.remove_prefix(known);
  if (version_.total && bytes.size() > *version_.total - position_) {
    objection_ = "the server sends more bytes than it said";
    return false;
  }
  write_all(output_->fd(), output_->name(), bytes, *out_);
  position_ += bytes.size();
  return true;
}

bool Download::is_complete(const Answer& answer) const {
  return answer.ending.kind == Ending::Kind::complete && answer.succeeded() &&
         (!version_.total || position_ == *version_.total);
}

std::string Download::failure_of(const Answer& answer) const {
  if (!objection_.empty()) return objection_;
  if (answer.head.status() != 0 && !answer.succeeded()) return server_reason(answer.head, answer.body);
  if (answer.ending.kind != Ending::Kind::complete) return answer.ending.reason;
  return fmt::format("the server sent {} of {} bytes", position_, version_.total.value_or(0));
}

void Download::throw_if_final(const Answer& answer) const {
  if (answer.ending.kind == Ending::Kind::failed)
    throw Error(Status::failure, "fetch", url_.shown(), answer.ending.reason);
  const int status = answer.head.status();
  const bool version_gone = position_ > 0 && (status == 412 || status == 416);
  if (status < 300 || is_transient(status) || version_gone) return;
  throw Error(Status::refused, "fetch", url_.shown(), failure_of(answer));
}

void Download::wait_or_give_up(const Answer& answer) {
  const std::string reason = failure_of(answer);
  const auto asked = retry_after(answer.head, clock_.wall_time());
  const auto wait = policy_.after_failure(position_, answer.succeeded() ? std::nullopt : asked);
  if (!wait) {
    const auto times =
        policy_.failures() == 1 ? std::string() : fmt::format(", {} times", policy_.failures());
    throw Error(Status::unavailable, "fetch", url_.shown(), reason + times);
  }
  if (answer.head.status() == 412 || answer.head.status() == 416) {
    (void)start_over(answer.head);
  } else if (position_ > 0 && !version_.etag) {
    objection_ = reason;
    forget_data(Status::unavailable);
  }
  warn(fmt::format("cannot fetch '{}': {}; trying again in {:.1f} s ({} of {})", url_.shown(), reason,
                   static_cast<double>(wait->count()) / 1000, policy_.failures(), options_.retries));
  clock_.wait(*wait);
}

}  // namespace mrf
