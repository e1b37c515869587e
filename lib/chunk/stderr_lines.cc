// SPDX-License-Identifier: MIT
#include "chunk/stderr_lines.h"

#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/message.h"

namespace mrf {

namespace {
// A line that is longer is passed on in pieces.
constexpr std::size_t longest_line = std::size_t{64} << 10;
constexpr int reads_of_rest = 64;  // somebody else may hold the pipe and write for ever
}  // namespace

StderrLines::Read StderrLines::read_some() {
  std::array<char, longest_line> buffer;
  ssize_t n = 0;
  while ((n = ::read(fd_.get(), buffer.data(), buffer.size())) < 0 && errno == EINTR) {
  }
  if (n < 0 && errno == EAGAIN) return Read::none;
  if (n <= 0) return Read::end;
  held_.append(buffer.data(), static_cast<std::size_t>(n));
  put_lines();
  return Read::some;
}

bool StderrLines::pass() {
  if (read_some() != Read::end) return true;
  if (!held_.empty()) put(held_);
  held_.clear();
  return false;
}

void StderrLines::pass_rest() {
  for (int reads = 0; reads < reads_of_rest && read_some() == Read::some; ++reads) {
  }
  if (!held_.empty()) put(held_);
  held_.clear();
}

void StderrLines::put_lines() {
  std::string_view rest = held_;
  for (std::size_t end = 0; (end = rest.find('\n')) != std::string_view::npos; rest.remove_prefix(end + 1)) {
    put(rest.substr(0, end));
  }
  if (rest.size() >= longest_line) {
    put(rest);
    rest = {};
  }
  held_.erase(0, held_.size() - rest.size());
}

void StderrLines::put(std::string_view line) const { say_line(label_ + std::string(line)); }

}  // namespace mrf
