// SPDX-License-Identifier: MIT
#include "shard/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "base/amounts.h"
#include "base/error.h"
#include "base/message.h"

namespace mrf::shard {

namespace {

using namespace std::chrono_literals;

constexpr auto first_line = 1s;
constexpr auto later_lines = 10s;
constexpr std::size_t least_bar = 8;  // with its brackets

std::string left_text(const ShardCounts& counts) {
  return counts.left_s ? base::readable_seconds(*counts.left_s) : "--:--";
}

// A picture that cannot be written is left out.
void draw(const std::string& text) {
  [[maybe_unused]] const ssize_t n = ::write(STDERR_FILENO, text.data(), text.size());
}

// Bytes of the input that the shards have, as it is stored.
double stored_bytes(const Plan& plan, std::size_t shard) {
  const Storage storage = plan.input.storage;
  return static_cast<double>(stored_offset(plan.cuts[shard + 1], storage) -
                             stored_offset(plan.cuts[shard], storage));
}

}  // namespace

std::string progress_bar(const ShardCounts& counts, std::size_t columns) {
  const std::string numbers = fmt::format("{}/{} shards, {} running, {} left", counts.done, counts.all,
                                          counts.running, left_text(counts));
  if (columns < numbers.size() + least_bar + 1) return numbers.substr(0, columns);
  const std::size_t cells = columns - numbers.size() - 3;
  const auto full = static_cast<std::size_t>(std::clamp(counts.share, 0.0, 1.0) * static_cast<double>(cells));
  return fmt::format("[{}{}] {}", std::string(full, '#'), std::string(cells - full, '.'), numbers);
}

std::string progress_sentence(const ShardCounts& counts) {
  return fmt::format("{} of {} shards are done, {} running, {} waiting, {} left", counts.done, counts.all,
                     counts.running, counts.waiting, left_text(counts));
}

nlohmann::ordered_json progress_event(const ShardCounts& counts) {
  nlohmann::ordered_json event{
      {"event", "progress"}, {"elapsed_s", counts.elapsed_s}, {"share", counts.share}};
  event["left_s"] = counts.left_s ? nlohmann::ordered_json(*counts.left_s) : nlohmann::ordered_json(nullptr);
  event["shards"] = counts.all;
  event["shards_done"] = counts.done;
  event["shards_running"] = counts.running;
  event["shards_waiting"] = counts.waiting;
  return event;
}

Progress::~Progress() {
  if (style_ != ProgressStyle::bar || plan_ == nullptr) return;
  draw("\r\x1b[J");
  base::set_bar_below(false);
}

void Progress::start(const Plan& plan, const Directory& directory) {
  plan_ = &plan;
  directory_ = &directory;
  started_ = Clock::now();
  say_at_ = started_ + (style_ == ProgressStyle::log ? first_line : 0s);
  share_before_ = count(0).share;
  base::set_bar_below(style_ == ProgressStyle::bar);
  if (style_ == ProgressStyle::json)
    write_event_({{"event", "start"}, {"workflow", "shards"}, {"shards", plan.shards()}}, false);
}

ShardCounts Progress::count(std::size_t running) {
  const auto missing = directory_->missing(*plan_);
  ShardCounts counts;
  counts.all = plan_->shards();
  counts.done = counts.all - missing.size();
  counts.running = std::min(running, missing.size());
  counts.waiting = missing.size() - counts.running;
  double whole = 0;
  double left = 0;
  for (std::size_t shard = 0; shard < counts.all; ++shard) whole += stored_bytes(*plan_, shard);
  for (const std::size_t shard : missing) left += stored_bytes(*plan_, shard);
  counts.share = whole > 0 ? 1 - left / whole : missing.empty() ? 1 : 0;
  counts.elapsed_s = base::seconds(Clock::now() - started_);
  const double gained = counts.share - share_before_;
  if (gained > 0) counts.left_s = counts.elapsed_s * (1 - counts.share) / gained;
  return counts;
}

void Progress::update(const std::function<std::size_t()>& count_running) {
  if (style_ == ProgressStyle::none || plan_ == nullptr || Clock::now() < say_at_) return;
  ShardCounts counts;
  try {
    counts = count(count_running());
  } catch (const base::SystemError&) {
    return;
  }
  if (style_ == ProgressStyle::bar) {
    draw("\r\x1b[J" + progress_bar(counts, base::terminal_columns() - 1) + "\r");
  } else if (style_ == ProgressStyle::log) {
    say_at_ = Clock::now() + later_lines;
    has_said_ = true;
    base::warn(progress_sentence(counts));
  } else {
    write_event_(progress_event(counts), true);
  }
}

void Progress::tell_of_end() {
  if (has_said_) base::warn(fmt::format("{0} of {0} shards are done", plan_->shards()));
}

void Progress::finish(int status) {
  if (style_ == ProgressStyle::json && plan_ != nullptr)
    write_event_({{"event", "end"}, {"status", status}, {"failed", nullptr}}, false);
}

}  // namespace mrf::shard
