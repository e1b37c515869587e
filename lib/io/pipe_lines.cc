// SPDX-License-Identifier: MIT
#include "io/pipe_lines.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace mrf::io {

namespace {
constexpr std::size_t longest_line = std::size_t{64} << 10;
constexpr int reads_of_rest = 64;
}  // namespace

PipeLines::Read PipeLines::read_some() {
  std::array<char, longest_line> buffer;
  ssize_t n = 0;
  while ((n = ::read(pipe_.get(), buffer.data(), buffer.size())) < 0 && errno == EINTR) {
  }
  if (n < 0 && errno == EAGAIN) return Read::none;
  if (n <= 0) return Read::end;
  take({buffer.data(), static_cast<std::size_t>(n)});
  return Read::some;
}

bool PipeLines::pump() { return pipe_.is_open() && read_some() != Read::end; }

void PipeLines::finish() {
  for (int reads = 0; reads < reads_of_rest && pipe_.is_open() && read_some() == Read::some; ++reads) {
  }
  pipe_.reset();
  if (!partial_.empty()) on_line_(std::exchange(partial_, {}));
}

void PipeLines::take(std::string_view text) {
  for (std::size_t end = 0; (end = text.find('\n')) != std::string_view::npos; text.remove_prefix(end + 1)) {
    partial_ += text.substr(0, end);
    on_line_(std::exchange(partial_, {}));
  }
  partial_ += text;
  if (partial_.size() >= longest_line) on_line_(std::exchange(partial_, {}));
}

}  // namespace mrf::io
