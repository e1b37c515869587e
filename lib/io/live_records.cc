// SPDX-License-Identifier: MIT
#include "io/live_records.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <time.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <exception>

#include "io/fd.h"
#include "io/stats.h"

namespace mrf::io {

namespace {

constexpr std::uint64_t period_ns = 100'000'000;

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

void tell_live_records(std::uint64_t records) noexcept {
  static const Fd file = open_live_file();
  static std::uint64_t next_at = 0;
  if (!file.is_open()) return;
  const std::uint64_t now = now_ns();
  if (now < next_at) return;
  next_at = now + period_ns;
  // The number only grows, so that the text of the last time never sticks out behind it.
  char text[24];
  const auto end = std::to_chars(text, text + sizeof text, records).ptr;
  if (::pwrite(file.get(), text, static_cast<std::size_t>(end - text), 0) < 0) return;
}

std::uint64_t read_live_records(const std::string& path) noexcept {
  const Fd file(adopt_fd, ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char text[24];
  const ssize_t n = file.is_open() ? ::read(file.get(), text, sizeof text) : 0;
  std::uint64_t records = 0;
  if (n > 0) std::from_chars(text, text + n, records);
  return records;
}

}  // namespace mrf::io
