// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "http/network.h"

namespace mrf::http {

/// A transfer in a thread of its own, for what would block everything else: the response waits here, in at
/// most `memory` bytes, until the thread of the receiver takes it. The last of the bytes that a response is
/// said to have are given when the transfer is over, and only when it ended well.
class TransferThread final : private Receiver {
 public:
  /// `wake` is called from the thread when there is something to take.
  TransferThread(Receiver& receiver, std::size_t memory, std::function<void()> wake)
      : receiver_(receiver), memory_(memory), wake_(std::move(wake)) {}
  ~TransferThread() override { join(); }
  TransferThread(const TransferThread&) = delete;
  TransferThread& operator=(const TransferThread&) = delete;

  /// What the transfer is to tell.
  Receiver& inlet() { return *this; }
  /// `run` makes the transfer, and ends soon after is_stopped() is true. Throws SystemError.
  void start(std::function<void()> run);
  /// Stops the transfer, and waits for its thread.
  void join();

  const Receiver& receiver() const { return receiver_; }
  /// Gives the receiver what came, as far as it has room. True when that was all, up to on_end(), which is
  /// called. Throws what `run` threw.
  bool deliver();
  /// Whether the receiver had no room for what came.
  bool rests() const { return rests_; }
  /// Tells the receiver that the transfer was given up, unless all the bytes that it was said to get are
  /// here.
  void end(const std::string& reason);
  /// The receiver is not called any more.
  void stop();
  bool is_stopped() const;
  /// Whether the thread has come to its end.
  bool is_over() const;

 private:
  bool on_head(const ResponseHead& head) override;
  bool on_body(std::string_view bytes) override;
  void on_end(const Ending& ending) override;
  bool deliver_next();
  bool deliver_bytes(bool all);

  Receiver& receiver_;
  std::size_t memory_;
  std::function<void()> wake_;
  // Of the receiver's thread.
  std::string taken_;
  std::size_t taken_from_ = 0;  ///< the first byte that is not delivered
  bool rests_ = false;
  bool has_everything_ = false;  ///< only the end is not known
  std::optional<std::uint64_t> size_;
  std::uint64_t delivered_ = 0;
  // Of both threads.
  mutable std::mutex mutex_;
  std::condition_variable taken_away_;
  bool stopped_ = false;
  std::optional<ResponseHead> head_;
  std::string bytes_;
  std::optional<Ending> ending_;
  std::exception_ptr thrown_;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace mrf::http
