// SPDX-License-Identifier: MIT
#include "process/launch.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "base/error.h"
#include "unit/directory.h"

namespace {

using mrf::process::Launched;
using mrf::process::LaunchSpec;

int status_of(const Launched& launched) {
  int status = 0;
  REQUIRE(::waitpid(launched.pid, &status, 0) == launched.pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

LaunchSpec spec_of(std::initializer_list<std::string> words) {
  LaunchSpec spec;
  spec.words = words;
  return spec;
}

}  // namespace

TEST_CASE("a FIFO of the run is never waited for: whoever has its other end open may be gone") {
  const Directory directory;
  const std::string fifo = directory / "fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  LaunchSpec writer = spec_of({"true"});
  writer.redirections.push_back({1, O_WRONLY, fifo, true});
  try {
    mrf::process::launch(writer);
    FAIL("it was started");
  } catch (const mrf::base::SystemError& error) {
    CHECK(error.error_number() == ENXIO);
  }
  LaunchSpec reader = spec_of({"cat"});
  reader.redirections.push_back({0, O_RDONLY, fifo, true});
  CHECK(status_of(mrf::process::launch(reader)) == 0);
}

TEST_CASE("reads and writes of a FIFO of the run wait") {
  const Directory directory;
  const std::string fifo = directory / "fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  const int both = ::open(fifo.c_str(), O_RDWR);
  LaunchSpec reader = spec_of({"sh", "-c", "read x && [ \"$x\" = 1 ]"});
  reader.redirections.push_back({0, O_RDONLY, fifo, true});
  const Launched launched = mrf::process::launch(reader);
  CHECK(::write(both, "1\n", 2) == 2);
  CHECK(status_of(launched) == 0);
  ::close(both);
}

TEST_CASE("a child of either way says what kept it from its command") {
  const Directory directory;
  for (const bool opens_file : {false, true}) {
    LaunchSpec spec = spec_of({directory / "none"});
    if (opens_file) spec.redirections.push_back({1, O_WRONLY | O_CREAT, directory / "out"});
    const Launched launched = mrf::process::launch(spec);
    CHECK(status_of(launched) == 127);
    const auto failure = mrf::process::start_failure_of(launched.failure);
    REQUIRE(failure.has_value());
    CHECK(failure->error_number == ENOENT);
    CHECK(failure->redirection == -1);
  }
  LaunchSpec spec = spec_of({"true"});
  spec.redirections.push_back({0, O_RDONLY, "/dev/null"});
  spec.redirections.push_back({1, O_WRONLY, directory / "none"});
  const Launched launched = mrf::process::launch(spec);
  status_of(launched);
  const auto failure = mrf::process::start_failure_of(launched.failure);
  REQUIRE(failure.has_value());
  CHECK(failure->redirection == 1);
}

TEST_CASE("a child ignores the signals of a run that this process ignores, and no others") {
  const auto status_after = [](int number) {
    return status_of(
        mrf::process::launch(spec_of({"sh", "-c", "kill -" + std::to_string(number) + " $$; exit 7"})));
  };
  for (const int number : {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGTSTP}) {
    const auto before = ::signal(number, SIG_IGN);
    CHECK(status_after(number) == 7);
    ::signal(number, before);
  }
  const auto before = ::signal(SIGPIPE, SIG_IGN);
  CHECK(status_after(SIGPIPE) == -1);
  ::signal(SIGPIPE, before);
}
