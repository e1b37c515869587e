// SPDX-License-Identifier: MIT
#include "process/outcome.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

template <typename Do>
mrf::process::Outcome outcome_of(Do what) {
  const pid_t pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    what();
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  return mrf::process::Outcome::of_wait_status(status);
}

}  // namespace

TEST_CASE("all 256 exit statuses are what they are") {
  for (int status = 0; status < 256; ++status) {
    const auto outcome = outcome_of([status] { ::_exit(status); });
    CHECK(outcome.status() == status);
    CHECK(outcome.signal() == 0);
    CHECK(outcome.succeeded() == (status == 0));
    CHECK(outcome.is_broken_pipe() == (status == 141));
  }
}

TEST_CASE("a signal is 128 and its number") {
  for (const int number : {SIGHUP, SIGINT, SIGKILL, SIGPIPE, SIGTERM, SIGUSR1}) {
    const auto outcome = outcome_of([number] {
      ::signal(number, SIG_DFL);
      ::raise(number);
    });
    CHECK(outcome.status() == 128 + number);
    CHECK(outcome.signal() == number);
    CHECK(outcome.is_broken_pipe() == (number == SIGPIPE));
  }
  CHECK(outcome_of([] { ::raise(SIGKILL); }).describe() == "signal 9 (Killed)");
  CHECK(outcome_of([] { ::_exit(7); }).describe() == "exit status 7");
  CHECK(outcome_of([] { ::_exit(137); }).describe() ==
        "exit status 137: a shell says so when signal 9 (Killed) ended its command");
  CHECK(outcome_of([] { ::_exit(255); }).describe() == "exit status 255");
}
