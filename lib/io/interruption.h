// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>

namespace mrf::io {

/// INT, TERM or HUP came while an InterruptionScope was alive. Not derived from std::exception, so that no
/// handler of errors takes it for one.
struct Interrupted {
  int signal = 0;
};

/// As long as one is alive, the first INT, TERM or HUP does not end the program but makes interrupted() tell,
/// so that the work can be left in order. The second one ends the program. Signals that are ignored stay
/// ignored. Any thread.
class InterruptionScope {
 public:
  InterruptionScope();
  ~InterruptionScope();
  InterruptionScope(const InterruptionScope&) = delete;
  InterruptionScope& operator=(const InterruptionScope&) = delete;
};

/// As long as one is alive, a signal ends the program at once, as without an InterruptionScope: for work that
/// may wait without an end, for the other end of a pipe. Any thread.
class ImmediateEndings {
 public:
  /// Throws Interrupted when a signal came before.
  ImmediateEndings();
  ~ImmediateEndings();
  ImmediateEndings(const ImmediateEndings&) = delete;
  ImmediateEndings& operator=(const ImmediateEndings&) = delete;
};

/// The signal that came, 0 before.
int interrupted() noexcept;
/// Throws Interrupted when one came.
void throw_if_interrupted();
/// Sleeps; returns early when a signal comes or came.
void sleep_unless_interrupted(std::chrono::milliseconds time);
/// Ends the program as the signal does that was never caught.
[[noreturn]] void die_of_signal(int number);

}  // namespace mrf::io
