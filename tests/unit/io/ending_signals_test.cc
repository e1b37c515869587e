// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "io/signals.h"
#include "io/temporaries.h"
#include "unit/directory.h"

namespace fs = std::filesystem;

namespace {

// Takes the signal in a thread that knows nothing of the object, and tells by `status` that nothing has
// happened.
[[noreturn]] void hold_and_be_ended(const std::string& path, int status) {
  mrf::io::remove_temporaries_on_signals();
  std::ofstream(path) << "whole";
  const mrf::io::Temporary temporary(path);
  {
    const mrf::io::EndingSignalsBlocked blocked;
    std::thread other([] {
      ::kill(::getpid(), SIGTERM);
      sigset_t none;
      sigemptyset(&none);
      ::sigsuspend(&none);
    });
    other.join();
    const char kept = fs::exists(path) ? 'k' : 'r';
    if (::write(status, &kept, 1) != 1) ::_exit(2);
  }
  ::_exit(1);
}

}  // namespace

TEST_CASE("a signal that another thread gets waits, too, and ends the program afterwards") {
  const Directory directory;
  int status[2];
  REQUIRE(::pipe(status) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) hold_and_be_ended(directory / "temporary", status[1]);
  ::close(status[1]);
  char kept = 0;
  CHECK(::read(status[0], &kept, 1) == 1);
  CHECK(kept == 'k');
  ::close(status[0]);
  int ended = 0;
  REQUIRE(::waitpid(child, &ended, 0) == child);
  CHECK(WIFSIGNALED(ended));
  CHECK(WTERMSIG(ended) == SIGTERM);
  CHECK(directory.entries() == 0);
}
