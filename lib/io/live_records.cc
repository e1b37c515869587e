// SPDX-License-Identifier: MIT
#include "io/live_records.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <time.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <exception>

#include "io/fd.h"
#include "io/stats.h"

namespace mrf::io {

namespace {

constexpr std::uint64_t period_ns = 100'000'000;
constexpr std::size_t most_text = 48;  // two numbers

std::uint64_t now_ns() noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

Fd open_live_file() noexcept {
  const char* prefix = std::getenv(stats_prefix_variable);
  if (prefix == nullptr) return Fd();
  try {
    return open_file(fmt::format("{}.{}{}", prefix, ::getpid(), live_records_ending), O_WRONLY | O_CREAT);
  } catch (const std::exception&) {
    return Fd();
  }
}

}  // namespace

void tell_live_records(std::uint64_t records, std::uint64_t bytes) noexcept {
  static const Fd file = open_live_file();
  static std::uint64_t next_at = 0;
  if (!file.is_open()) return;
  const std::uint64_t now = now_ns();
  if (now < next_at) return;
  next_at = now + period_ns;
  // The numbers only grow, so that the text of the last time never sticks out behind them.
  char text[most_text];
  const auto written = bytes > 0 ? fmt::format_to_n(text, sizeof text, "{} {}", records, bytes)
                                 : fmt::format_to_n(text, sizeof text, "{}", records);
  if (::pwrite(file.get(), text, written.size, 0) < 0) return;
}

LiveCount read_live_records(const std::string& path) noexcept {
  const Fd file(adopt_fd, ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char text[most_text];
  const ssize_t n = file.is_open() ? ::read(file.get(), text, sizeof text) : 0;
  LiveCount count;
  if (n <= 0) return count;
  const char* const end = text + n;
  const char* const space = std::from_chars(text, end, count.records).ptr;
  if (space < end && *space == ' ') std::from_chars(space + 1, end, count.bytes);
  return count;
}

}  // namespace mrf::io
