// SPDX-License-Identifier: MIT
#include "base/message.h"

#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>
#include <string>

#include "base/error.h"
#include "base/redact.h"

namespace mrf::base {

namespace {
std::string program = "mrf-tools";
Verbosity level = Verbosity::normal;
std::atomic<bool> bar_below{false};
}  // namespace

void set_message_style(std::string_view name, Verbosity verbosity) {
  program = name;
  level = verbosity;
}

void set_verbosity(Verbosity verbosity) { level = verbosity; }
Verbosity verbosity() { return level; }
std::string_view program_name() { return program; }

void set_bar_below(bool there) { bar_below = there; }

void say_line(std::string_view text) {
  std::string line = bar_below ? "\r\x1b[J" : "";
  line.append(text).push_back('\n');
  // A failed write to standard error cannot be reported anywhere else.
  if (::write(STDERR_FILENO, line.data(), line.size()) < 0) return;
}

void say(std::string_view text) { say_line(program + ": " + printable(redact_words(text))); }

void say_out_of_memory(const char* name) noexcept {
  static constexpr char text[] = ": cannot allocate 'memory': Cannot allocate memory\n";
  const std::array<iovec, 2> line{iovec{const_cast<char*>(name), std::strlen(name)},
                                  iovec{const_cast<char*>(text), sizeof text - 1}};
  if (::writev(STDERR_FILENO, line.data(), static_cast<int>(line.size())) < 0) return;
}

void warn(std::string_view text) {
  if (level != Verbosity::quiet) say(text);
}

void note(std::string_view text) {
  if (level == Verbosity::verbose) say(text);
}

}  // namespace mrf::base
