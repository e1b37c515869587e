// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "store/aws_credentials.h"

namespace mrf::store {

/// The credentials of a run, which are looked for when a request needs them, five minutes before they expire,
/// and when a server does not take them any more. An endpoint is asked in a thread, by one look for all
/// requests that wait; whoever has credentials that are valid does not wait.
///
/// After an endpoint that was unavailable there is a pause until the next look, which grows with each failure
/// in a row; after another failure, during ten seconds, there is none, and the failure stands. Before
/// credentials expire, a look that has failed is followed by another one after a minute.
class RefreshableCredentials {
 public:
  using Clock = std::function<std::chrono::steady_clock::time_point()>;
  /// Looks have numbers from 1 on.
  using Look = std::uint64_t;

  /// `wake` is called from a thread when poll() has something to do; `clock` tells how long pauses take.
  RefreshableCredentials(AwsCredentialChain chain, std::function<void()> wake,
                         Clock clock = std::chrono::steady_clock::now)
      : chain_(std::move(chain)), wake_(std::move(wake)), clock_(std::move(clock)) {}

  /// The look that a request at `now` waits for; 0 when it has nothing to wait for. Begins it, unless there
  /// is a pause.
  Look needed(std::chrono::sys_seconds now);
  /// The same for a request whose credentials a server did not take.
  Look renew();
  bool is_over(Look look) const { return look <= over_; }
  /// Ends and begins looks. Whether one has ended.
  bool poll();
  /// When poll() has a look to begin.
  std::optional<std::chrono::steady_clock::time_point> next_time() const;

  /// What the last look found: nothing when there are none anywhere.
  const std::optional<AwsCredentials>& found() const { return found_; }
  /// Throws why the last look failed.
  void require_success() const;
  /// The credentials for a request that has nothing to wait for. Throws why there are none: Error,
  /// unavailable or refused as an endpoint answers.
  const std::optional<AwsCredentials>& get(std::chrono::sys_seconds now) const;

 private:
  struct Outcome {
    std::optional<AwsCredentials> found{};
    std::exception_ptr failure{};
  };

  bool is_valid(std::chrono::sys_seconds now) const;
  bool runs() const { return thread_.joinable(); }
  Look next_look();
  Look begin();
  void end(Outcome outcome);

  AwsCredentialChain chain_;
  std::function<void()> wake_;
  Clock clock_;
  Look over_ = 0;           ///< the last one that has ended
  bool is_wanted_ = false;  ///< a request waits for the next one
  std::chrono::steady_clock::time_point next_look_{};
  std::chrono::steady_clock::time_point next_early_look_{};  ///< while the credentials are valid
  bool has_looked_ = false;                                  ///< with success
  std::optional<AwsCredentials> found_;
  std::exception_ptr failure_;  ///< of the last look
  bool is_unavailable_ = false;
  unsigned failures_ = 0;  ///< in a row
  std::mutex mutex_;
  std::optional<Outcome> outcome_;  ///< of both threads
  std::jthread thread_;             ///< ends first
};

}  // namespace mrf::store
