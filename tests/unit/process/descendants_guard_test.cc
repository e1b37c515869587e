// SPDX-License-Identifier: MIT
#include "process/descendants_guard.h"

#include <doctest/doctest.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/signals.h"
#include "io/temporaries.h"

namespace {

// TERM comes while this thread has a file in hand, so that the program's handler puts the end off.
[[noreturn]] void be_ended_with_a_file_in_hand() {
  ::alarm(300);
  mrf::io::remove_temporaries_on_signals();
  const mrf::process::DescendantsGuard guard;
  {
    const mrf::io::EndingSignalsBlocked blocked;
    const pid_t descendant = ::fork();
    if (descendant == 0) {
      for (;;) ::pause();
    }
    ::kill(::getpid(), SIGTERM);
    (void)::waitpid(descendant, nullptr, 0);          // the guard has killed it, and may have reaped it
    for (int i = 0; i < 10000; ++i) ::sched_yield();  // the handler is behind that
  }
  guard.wait_if_ending();
  ::_exit(1);
}

}  // namespace

TEST_CASE("a signal that comes while a file is in hand ends the program afterwards") {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) be_ended_with_a_file_in_hand();
  int ended = 0;
  REQUIRE(::waitpid(child, &ended, 0) == child);
  CHECK(WIFSIGNALED(ended));
  CHECK(WTERMSIG(ended) == SIGTERM);
}
