// SPDX-License-Identifier: MIT
#include "fetch/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/amounts.h"
#include "base/error.h"
#include "base/message.h"

namespace mrf::fetch {

namespace {

constexpr std::chrono::milliseconds redraw{100};

// A picture may be lost; the data may not.
void show(const std::string& text) {
  [[maybe_unused]] const ssize_t n = ::write(STDERR_FILENO, text.data(), text.size());
}

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

ProgressDisplay::ProgressDisplay(ProgressStyle style, Clock::duration log_every)
    : style_(style), log_every_(log_every) {
  const char* no_color = std::getenv("NO_COLOR");
  color_ = no_color == nullptr || *no_color == '\0';
  if (style_ == ProgressStyle::bar) base::set_bar_below(true);
}

ProgressDisplay::~ProgressDisplay() {
  if (style_ != ProgressStyle::bar) return;
  show("\r\x1b[J");
  base::set_bar_below(false);
}

std::uint64_t ProgressDisplay::begin(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto now = Clock::now();
  files_[++last_] = {base::printable(name), now, now, 0, 0, std::nullopt, false};
  return last_;
}

void ProgressDisplay::update(std::uint64_t file, std::uint64_t bytes, std::optional<std::uint64_t> total) {
  if (style_ != ProgressStyle::bar && style_ != ProgressStyle::log) return;
  const std::lock_guard lock(mutex_);
  File& entry = files_.at(file);
  if (!entry.updated) entry.first_bytes = bytes;
  entry.updated = true;
  entry.bytes = bytes;
  entry.total = total;
  const auto now = Clock::now();
  if (style_ == ProgressStyle::bar) {
    if (now - drawn_ < redraw) return;
    drawn_ = now;
    draw();
  } else if (now - entry.logged >= log_every_) {
    entry.logged = now;
    base::warn(line_of(entry, 200, false));
  }
}

std::string ProgressDisplay::line_of(const File& file, std::size_t columns, bool color) {
  const double seconds = std::chrono::duration<double>(Clock::now() - file.started).count();
  const auto came = file.bytes < file.first_bytes ? 0 : file.bytes - file.first_bytes;
  const double rate = seconds > 0 ? static_cast<double>(came) / seconds : 0;
  std::string line = progress_line(file.name, file.bytes, file.total, rate, columns);
  if (!color || !file.total || *file.total == 0) return line;
  line.resize(std::max(line.size(), columns), ' ');
  const double share = static_cast<double>(file.bytes) / static_cast<double>(*file.total);
  const auto done = std::min(columns, static_cast<std::size_t>(share * static_cast<double>(columns)));
  return fmt::format("\x1b[7m{}\x1b[0m{}", line.substr(0, done), line.substr(done));
}

// The cursor stays at the beginning of the first line.
void ProgressDisplay::draw() {
  const std::size_t columns = base::terminal_columns() - 1;
  constexpr std::size_t most_lines = 16;
  std::string text = "\r\x1b[J";
  std::size_t lines = 0;
  for (const auto& [number, file] : files_) {
    if (!file.updated || lines == most_lines) continue;
    if (lines++ > 0) text += "\n";
    text += line_of(file, columns, color_);
  }
  text += lines > 1 ? fmt::format("\r\x1b[{}A", lines - 1) : "\r";
  show(text);
}

void ProgressDisplay::drop(std::uint64_t file) {
  const std::lock_guard lock(mutex_);
  files_.erase(file);
}

void ProgressDisplay::end(std::uint64_t file, const FileEnd& how) {
  const std::lock_guard lock(mutex_);
  const double seconds = std::chrono::duration<double>(Clock::now() - files_.at(file).started).count();
  files_.erase(file);
  if (style_ != ProgressStyle::json) return;
  nlohmann::ordered_json line{{"url", how.url},    {"target", how.target}, {"bytes", how.bytes},
                              {"wall_s", seconds}, {"status", how.status}, {"verified_by", how.verified_by}};
  if (how.verified_by.empty()) line["verified_by"] = nullptr;
  if (!how.error.empty()) line["error"] = how.error;
  show(line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

}  // namespace mrf::fetch
