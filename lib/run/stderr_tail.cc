// SPDX-License-Identifier: MIT
#include "run/stderr_tail.h"

#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/message.h"

namespace mrf {

namespace {
constexpr std::size_t lines_kept = 10;
constexpr std::size_t longest_line = 65536;
constexpr std::size_t bytes_at_once = 65536;
}  // namespace

StderrTail::StderrTail(Fd pipe, std::string prefix, const DisplayNames& names, std::size_t job)
    : pipe_(std::move(pipe)), prefix_(std::move(prefix)), names_(names), job_(job) {}

bool StderrTail::pump() {
  if (!pipe_.is_open()) return false;
  char buffer[bytes_at_once];
  const ssize_t n = ::read(pipe_.get(), buffer, sizeof buffer);
  if (n < 0) return errno == EINTR || errno == EAGAIN;
  take({buffer, static_cast<std::size_t>(n)});
  return n > 0;
}

void StderrTail::finish() {
  pump();  // a pipe holds no more
  pipe_.reset();
  if (!partial_.empty()) pass_on(std::exchange(partial_, {}));
}

void StderrTail::take(std::string_view text) {
  for (;;) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) break;
    partial_ += text.substr(0, end);
    pass_on(std::exchange(partial_, {}));
    text.remove_prefix(end + 1);
  }
  partial_ += text;
  if (partial_.size() >= longest_line) pass_on(std::exchange(partial_, {}));
}

void StderrTail::pass_on(std::string line) {
  line = names_.in_line(job_, std::move(line));
  say_line(prefix_ + line);
  last_lines_.push_back(std::move(line));
  if (last_lines_.size() > lines_kept) last_lines_.pop_front();
}

}  // namespace mrf
