// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "shard/directory.h"
#include "shard/plan.h"

namespace mrf::shard {

/// How many shards are where.
struct ShardCounts {
  std::size_t done = 0;  ///< have receipts
  std::size_t running = 0;
  std::size_t waiting = 0;
  std::size_t all = 0;
  double share = 0;  ///< of the input that is done, 0 to 1
  double elapsed_s = 0;
  std::optional<double> left_s;  ///< nothing before a first shard is done
};

/// "[####....] 3/8 shards, 1 running, 00:10 left", at most `columns` wide.
std::string progress_bar(const ShardCounts& counts, std::size_t columns);
/// "3 of 8 shards are done, 1 runs, 4 wait, 00:10 left".
std::string progress_sentence(const ShardCounts& counts);
/// The event "progress" of mrf-run(1), --progress json.
nlohmann::ordered_json progress_event(const ShardCounts& counts);

enum class ProgressStyle {
  none,
  bar,   ///< one line of the terminal, drawn again and again
  log,   ///< a line after one second and then every ten seconds
  json,  ///< events
};

/// Shows how many shards are done. It reads the directory itself: what an engine says is not taken for done.
class Progress {
 public:
  using Clock = std::chrono::steady_clock;
  /// Writes an event; one that `may_be_lost` is left out when its reader is slow.
  using WriteEvent = std::function<void(const nlohmann::ordered_json& event, bool may_be_lost)>;

  Progress(ProgressStyle style, WriteEvent write_event)
      : style_(style), write_event_(std::move(write_event)) {}
  /// Takes the bar away.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Shards of `plan`, which like `directory` outlives this object.
  void start(const Plan& plan, const Directory& directory);
  /// To be called about once a second, with what counts the shards that run; the rest of those without
  /// receipts waits. A directory that cannot be read is shown the next time.
  void update(const std::function<std::size_t()>& count_running);
  /// All shards have receipts: says so when lines about them were written.
  void tell_of_end();
  /// The last event.
  void finish(int status);

 private:
  ShardCounts count(std::size_t running);

  ProgressStyle style_;
  WriteEvent write_event_;
  const Plan* plan_ = nullptr;
  const Directory* directory_ = nullptr;
  double share_before_ = 0;  // that was done when it started
  Clock::time_point started_;
  Clock::time_point say_at_;
  bool has_said_ = false;
};

}  // namespace mrf::shard
