// SPDX-License-Identifier: MIT
#include "fetch/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "base/amounts.h"
#include "base/environment.h"
#include "base/error.h"
#include "base/message.h"

namespace mrf::fetch {

namespace {

constexpr std::chrono::milliseconds redraw{100};
constexpr std::chrono::seconds between_events{1};
// The rate of a list is that of the last ten seconds.
constexpr std::chrono::seconds rate_window{10};

// A picture that cannot be written is left out.
void show(const std::string& text) {
  [[maybe_unused]] const ssize_t n = ::write(STDERR_FILENO, text.data(), text.size());
}

double share_of(std::uint64_t bytes, std::uint64_t total) {
  return total == 0 ? 1.0 : std::min(1.0, static_cast<double>(bytes) / static_cast<double>(total));
}

// Reversed video up to a share of the line.
std::string with_bar(std::string line, double share, std::size_t columns) {
  line.resize(std::max(line.size(), columns), ' ');
  const auto done = static_cast<std::size_t>(share * static_cast<double>(columns));
  return fmt::format("\x1b[7m{}\x1b[0m{}", line.substr(0, done), line.substr(done));
}

std::string bytes_text(std::uint64_t bytes) { return base::readable_bytes(static_cast<double>(bytes)); }

}  // namespace

ProgressStyle parse_progress_style(const std::string& text) {
  if (text.empty()) return ::isatty(STDERR_FILENO) != 0 ? ProgressStyle::bar : ProgressStyle::log;
  if (text == "none") return ProgressStyle::none;
  if (text == "bar") return ProgressStyle::bar;
  if (text == "log") return ProgressStyle::log;
  if (text == "json") return ProgressStyle::json;
  throw base::UsageError("use option", "--progress", "none of bar, log, json, none");
}

std::string progress_line(const std::string& name, std::uint64_t bytes, std::optional<std::uint64_t> total,
                          double bytes_a_second, std::size_t columns) {
  std::string numbers;
  if (total) {
    const double share = *total == 0 ? 1.0 : static_cast<double>(bytes) / static_cast<double>(*total);
    numbers = fmt::format(" {:3.0f}%", 100 * share);
  } else {
    numbers = fmt::format(" {}", base::readable_bytes(static_cast<double>(bytes)));
  }
  numbers += fmt::format(" {:>9}/s", base::readable_bytes(bytes_a_second));
  if (total && bytes_a_second > 0)
    numbers +=
        fmt::format(" {}", base::readable_seconds(static_cast<double>(*total - bytes) / bytes_a_second));
  const std::size_t room = columns > numbers.size() ? columns - numbers.size() : 0;
  if (name.size() <= room) return name + numbers;
  if (room < 4) return numbers;
  return fmt::format("...{}{}", name.substr(name.size() - (room - 3)), numbers);
}

std::string list_line(const ListState& state, std::size_t columns) {
  const std::string about = state.is_estimate ? "~" : "";
  std::string numbers;
  if (state.total) numbers = fmt::format(" {:3.0f}%", 100 * share_of(state.bytes, *state.total));
  std::string rate = fmt::format(" {:>9}/s", base::readable_bytes(state.bytes_a_second));
  if (state.left_s) rate += fmt::format(" {}{}", about, base::readable_seconds(*state.left_s));
  std::string bytes = ", " + bytes_text(state.bytes);
  if (state.total) bytes += fmt::format(" of {}{}", about, bytes_text(*state.total));
  const std::string files = fmt::format("{} of {} files", state.ended, state.files);
  const std::string few = fmt::format("{}/{}", state.ended, state.files);
  const std::array<std::vector<std::string_view>, 6> forms{{{files, bytes, numbers, rate},
                                                            {files, numbers, rate},
                                                            {few, " files", numbers, rate},
                                                            {few, numbers, rate},
                                                            {few, numbers},
                                                            {few}}};
  for (const auto& form : forms) {
    std::string line;
    for (const auto part : form) line += part;
    if (line.size() <= columns) return line;
  }
  return few.substr(0, columns);
}

ProgressDisplay::ProgressDisplay(ProgressStyle style, Clock::duration log_every)
    : style_(style), log_every_(log_every) {
  color_ = base::environment("NO_COLOR").empty();
  if (style_ == ProgressStyle::bar) base::set_bar_below(true);
}

ProgressDisplay::~ProgressDisplay() {
  if (style_ != ProgressStyle::bar) return;
  show("\r\x1b[J");
  base::set_bar_below(false);
}

void ProgressDisplay::begin_list(const ListSize& size) {
  const std::lock_guard lock(mutex_);
  list_ = size;
  list_begun_ = list_shown_ = Clock::now();
  samples_ = {{list_begun_, 0}};
}

std::uint64_t ProgressDisplay::begin(const std::string& name, std::optional<std::uint64_t> size) {
  const std::lock_guard lock(mutex_);
  const auto now = Clock::now();
  File file{base::printable(name), now, now, 0, 0, std::nullopt, false, size};
  files_.emplace(++last_, std::move(file));
  if (list_) show_list(now);
  return last_;
}

void ProgressDisplay::update(std::uint64_t file, std::uint64_t bytes, std::optional<std::uint64_t> total) {
  if (style_ == ProgressStyle::none) return;
  const std::lock_guard lock(mutex_);
  File& entry = files_.at(file);
  if (!entry.updated) entry.first_bytes = bytes;
  entry.updated = true;
  entry.bytes = bytes;
  entry.total = total;
  if (total) count_size(entry, *total);
  const auto now = Clock::now();
  if (list_) show_list(now);
  if (style_ == ProgressStyle::bar && !list_ && now - drawn_ >= redraw) draw(now);
  if (style_ == ProgressStyle::log && now - entry.logged >= log_every_) {
    entry.logged = now;
    base::warn(line_of(entry, 200, false));
  }
}

// Counts the size of a file of a list, which has become known.
void ProgressDisplay::count_size(File& file, std::uint64_t size) {
  if (!list_ || file.size) return;
  file.size = size;
  ++list_->sized_files;
  list_->sized_bytes += size;
}

ListState ProgressDisplay::list_state(Clock::time_point now) {
  ListState state{list_->files, ended_, ended_bytes_, std::nullopt, false, 0, std::nullopt};
  std::uint64_t came = came_;
  for (const auto& [number, file] : files_) {
    state.bytes += file.bytes;
    came += came_of(file);
  }
  if (list_->sized_files > 0) {
    const double mean = static_cast<double>(list_->sized_bytes) / static_cast<double>(list_->sized_files);
    const std::size_t others = list_->files - std::min(list_->files, list_->sized_files);
    state.total = list_->sized_bytes + static_cast<std::uint64_t>(mean * static_cast<double>(others));
    state.is_estimate = others > 0;
  }
  while (samples_.size() > 1 && now - samples_.front().time > rate_window) samples_.pop_front();
  const Sample& first = samples_.front();
  const double seconds = std::chrono::duration<double>(now - first.time).count();
  if (seconds > 0 && came > first.bytes)
    state.bytes_a_second = static_cast<double>(came - first.bytes) / seconds;
  samples_.push_back({now, came});
  if (state.total && state.bytes_a_second > 0)
    state.left_s =
        static_cast<double>(*state.total - std::min(*state.total, state.bytes)) / state.bytes_a_second;
  return state;
}

// As often as the style shows it.
void ProgressDisplay::show_list(Clock::time_point now) {
  switch (style_) {
    case ProgressStyle::none:
      return;
    case ProgressStyle::bar:
      if (now - drawn_ >= redraw) draw(now);
      return;
    case ProgressStyle::log:
      if (now - list_shown_ < log_every_) return;
      base::warn(list_line(list_state(now), 200));
      break;
    case ProgressStyle::json: {
      if (now - list_shown_ < between_events) return;
      const auto state = list_state(now);
      nlohmann::ordered_json event{{"event", "progress"}};
      event["elapsed_s"] = std::chrono::duration<double>(now - list_begun_).count();
      event["share"] = nullptr;
      if (state.total && !state.is_estimate) event["share"] = share_of(state.bytes, *state.total);
      event["left_s"] = nullptr;
      if (state.left_s) event["left_s"] = *state.left_s;
      event["files"] = state.files;
      event["files_done"] = state.ended;
      event["bytes"] = state.bytes;
      event["bytes_total"] = nullptr;
      if (state.total && !state.is_estimate) event["bytes_total"] = *state.total;
      event["bytes_a_second"] = state.bytes_a_second;
      show(event.dump() + "\n");
      break;
    }
  }
  list_shown_ = now;
}

// Bytes that came over the network, without those that were there at the beginning.
std::uint64_t ProgressDisplay::came_of(const File& file) {
  return file.bytes - std::min(file.bytes, file.first_bytes);
}

std::string ProgressDisplay::line_of(const File& file, std::size_t columns, bool color) {
  const double seconds = std::chrono::duration<double>(Clock::now() - file.started).count();
  const double rate = seconds > 0 ? static_cast<double>(came_of(file)) / seconds : 0;
  std::string line = progress_line(file.name, file.bytes, file.total, rate, columns);
  if (!color || !file.total || *file.total == 0) return line;
  return with_bar(std::move(line), share_of(file.bytes, *file.total), columns);
}

// The cursor stays at the beginning of the first line.
void ProgressDisplay::draw(Clock::time_point now) {
  drawn_ = now;
  const std::size_t columns = base::terminal_columns() - 1;
  constexpr std::size_t most_lines = 16;
  std::string text = "\r\x1b[J";
  std::size_t lines = 0;
  for (const auto& [number, file] : files_) {
    if (!file.updated || lines == most_lines) continue;
    if (lines++ > 0) text += "\n";
    text += line_of(file, columns, color_);
  }
  if (list_) {
    const auto state = list_state(now);
    std::string line = list_line(state, columns);
    if (lines++ > 0) text += "\n";
    text += color_ && state.total ? with_bar(std::move(line), share_of(state.bytes, *state.total), columns)
                                  : line;
  }
  text += lines > 1 ? fmt::format("\r\x1b[{}A", lines - 1) : "\r";
  show(text);
}

void ProgressDisplay::drop(std::uint64_t file, std::optional<std::uint64_t> size) {
  const std::lock_guard lock(mutex_);
  const auto place = files_.find(file);
  if (size) count_size(place->second, *size);
  files_.erase(place);
}

void ProgressDisplay::end(std::uint64_t file, const Outcome& outcome) {
  const std::lock_guard lock(mutex_);
  const auto place = files_.find(file);
  if (list_) {
    File& entry = place->second;
    const bool is_whole = outcome.end != Outcome::End::failed;
    count_size(entry, is_whole ? outcome.bytes : 0);
    if (!is_whole) list_->sized_bytes -= std::min(list_->sized_bytes, *entry.size);
    ++ended_;
    if (is_whole) ended_bytes_ += outcome.bytes;
    if (outcome.end == Outcome::End::fetched)
      came_ += entry.updated ? outcome.bytes - std::min(outcome.bytes, entry.first_bytes) : outcome.bytes;
    if (outcome.end == Outcome::End::failed) came_ += came_of(entry);
  }
  files_.erase(place);
  if (style_ == ProgressStyle::json) show(file_event(outcome) + "\n");
  if (list_) show_list(Clock::now());
}

void ProgressDisplay::end_list(const OutcomeCounts& counts, double wall_s, int status) {
  if (style_ == ProgressStyle::json) show(end_event(counts, wall_s, status) + "\n");
}

}  // namespace mrf::fetch
