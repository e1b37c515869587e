// SPDX-License-Identifier: MIT
#pragma once

#include <signal.h>

#include <array>
#include <chrono>

namespace mrf::io {

/// What ends a program that has temporaries to remove.
inline constexpr std::array ending_signals{SIGINT, SIGTERM, SIGHUP};

/// They wait as long as one of these objects lives, whichever thread gets them: the system may give a signal
/// to a thread that knows nothing of the object, one of a library even. The last object that dies raises what
/// came meanwhile.
class EndingSignalsBlocked {
 public:
  EndingSignalsBlocked() noexcept;
  ~EndingSignalsBlocked();
  EndingSignalsBlocked(const EndingSignalsBlocked&) = delete;
  EndingSignalsBlocked& operator=(const EndingSignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

/// For a handler that is about to end the program: true when no EndingSignalsBlocked lives, and none that is
/// made from now on gets beyond its constructor; false when `number` is raised again later, or another thread
/// is ending the program.
bool may_end_now(int number) noexcept;

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
