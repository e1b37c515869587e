// SPDX-License-Identifier: MIT
#include "http/transfer_thread.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "base/error.h"

namespace mrf::http {

namespace {

// Receivers expect no more at a time.
constexpr std::size_t delivered_at_a_time = 16 << 10;

}  // namespace

void TransferThread::start(std::function<void()> run) {
  try {
    thread_ = std::thread([this, work = std::move(run)] {
      std::exception_ptr thrown;
      try {
        work();
      } catch (...) {
        thrown = std::current_exception();
      }
      const std::lock_guard lock(mutex_);
      thrown_ = thrown;
      over_ = true;
      wake_();
    });
  } catch (const std::system_error& error) {
    throw base::SystemError("start", "a thread", error.code().value());
  }
}

void TransferThread::join() {
  stop();
  if (thread_.joinable()) thread_.join();
}

void TransferThread::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  taken_away_.notify_all();
}

bool TransferThread::is_stopped() const {
  const std::lock_guard lock(mutex_);
  return stopped_;
}

bool TransferThread::is_over() const {
  const std::lock_guard lock(mutex_);
  return over_;
}

bool TransferThread::on_head(const ResponseHead& head) {
  const std::lock_guard lock(mutex_);
  head_ = head;
  return !stopped_;
}

bool TransferThread::on_body(std::string_view bytes) {
  std::unique_lock lock(mutex_);
  taken_away_.wait(lock,
                   [&] { return stopped_ || bytes_.empty() || bytes_.size() + bytes.size() <= memory_; });
  if (stopped_) return false;
  const bool is_first = bytes_.empty();
  bytes_ += bytes;
  lock.unlock();
  if (is_first) wake_();
  return true;
}

void TransferThread::on_end(const Ending& ending) {
  const std::lock_guard lock(mutex_);
  ending_ = ending;
}

// The thread wakes the receiver's only for the first bytes that wait, so that those which came while the
// receiver had no room are taken when it has got what came before them.
bool TransferThread::deliver() {
  const bool is_any_left = taken_from_ < taken_.size();
  return deliver_next() || (is_any_left && taken_from_ == taken_.size() && deliver_next());
}

// The end of the thread is the end of the transfer, so that what it holds can be used again.
bool TransferThread::deliver_next() {
  std::optional<ResponseHead> head;
  bool is_over = false;
  bool is_well = false;
  bool is_more = false;
  {
    const std::lock_guard lock(mutex_);
    head.swap(head_);
    if (taken_from_ == taken_.size()) {
      taken_.clear();
      taken_from_ = 0;
      taken_.swap(bytes_);
    }
    is_more = !bytes_.empty();
    is_over = over_ && !is_more;
    is_well = !thrown_ && ending_ && ending_->kind == Ending::Kind::complete;
  }
  taken_away_.notify_all();
  if (head) size_ = head->content_length();
  has_everything_ = size_ && *size_ == delivered_ + (taken_.size() - taken_from_) && !is_more;
  if ((head && !receiver_.on_head(*head)) || !deliver_bytes(!has_everything_ || (is_over && is_well))) {
    stop();
    receiver_.on_end({Ending::Kind::stopped, ""});
    return true;
  }
  if (rests_ || !is_over) return false;
  if (thrown_) std::rethrow_exception(thrown_);
  receiver_.on_end(ending_.value_or(Ending{Ending::Kind::stopped, ""}));
  return true;
}

// Of a response that is all there, the last piece waits.
bool TransferThread::deliver_bytes(bool all) {
  rests_ = false;
  while (taken_from_ < taken_.size()) {
    const auto piece = std::string_view(taken_).substr(taken_from_, delivered_at_a_time);
    if (!all && taken_from_ + piece.size() == taken_.size()) return true;
    rests_ = !receiver_.has_room(piece.size());
    if (rests_) return true;
    taken_from_ += piece.size();
    delivered_ += piece.size();
    if (!receiver_.on_body(piece)) return false;
  }
  return true;
}

void TransferThread::end(const std::string& reason) {
  const bool is_complete = has_everything_ && !rests_;
  if (is_complete) (void)deliver_bytes(true);
  receiver_.on_end(is_complete && !rests_ ? Ending{} : Ending{Ending::Kind::interrupted, reason});
}

}  // namespace mrf::http
