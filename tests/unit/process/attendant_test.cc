// SPDX-License-Identifier: MIT
#include "process/attendant.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <string>

#include "base/error.h"
#include "directory.h"

using mrf::process::Attendant;

namespace {

// The mask of signals as it was, for the other tests.
class KeptMask {
 public:
  KeptMask() { ::pthread_sigmask(SIG_SETMASK, nullptr, &before_); }
  ~KeptMask() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  KeptMask(const KeptMask&) = delete;
  KeptMask& operator=(const KeptMask&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

TEST_CASE("an attended command: what it writes, how it ends, and one that is not there") {
  const KeptMask mask;
  Attendant attendant(std::chrono::seconds(5));
  auto end = attendant.run({{"sh", "-c", "echo out; echo err >&2; exit 7"}, {}, true, "", true});
  CHECK(end.outcome.status() == 7);
  CHECK(end.output == "out\n");
  CHECK(end.errors == "err\n");
  CHECK(end.signal == 0);
  CHECK(attendant.run({{"sh", "-c", "echo $X"}, {"X=value"}, true}).output == "value\n");
  try {
    attendant.run({{"no-such-command"}});
    FAIL("it ran");
  } catch (const mrf::base::Error& error) {
    CHECK(static_cast<int>(error.status()) == 127);
  }
  CHECK(attendant.wait(std::chrono::milliseconds(1)) == 0);
}

TEST_CASE("a FIFO in place of the log of a command is not waited for") {
  const KeptMask mask;
  const Directory directory;
  const std::string log = directory / "log";
  REQUIRE(::mkfifo(log.c_str(), 0600) == 0);
  Attendant attendant(std::chrono::seconds(5));
  const std::string text = "cannot open '" + log + "': a FIFO is there, and no regular file; remove it";
  CHECK_THROWS_WITH_AS(attendant.run({.words = {"true"}, .log = log}), text.c_str(), mrf::base::Error);
}

TEST_CASE("a signal ends the attended command and the wait, and a command that ignores TERM is killed") {
  const KeptMask mask;
  Attendant attendant(std::chrono::milliseconds(50));
  int ticks = 0;
  const auto interrupt = [&ticks] {
    if (ticks++ == 0) ::kill(::getpid(), SIGINT);
  };
  auto end = attendant.run({{"sleep", "1000"}}, interrupt);
  CHECK(end.signal == SIGINT);
  CHECK(end.outcome.signal() == SIGTERM);
  ticks = 0;
  end = attendant.run({{"sh", "-c", "trap '' TERM; while :; do sleep 1000; done"}}, interrupt);
  CHECK(end.signal == SIGINT);
  CHECK(!end.outcome.succeeded());
  ticks = 0;
  CHECK(attendant.wait(std::chrono::hours(1), interrupt) == SIGINT);
}

TEST_CASE("a tick that fails ends the command as a signal does, and what it has thrown comes then") {
  const KeptMask mask;
  const Directory directory;
  const std::string ready = directory / "ready";
  const std::string ended = directory / "ended";
  Attendant attendant(std::chrono::hours(1));
  const auto fail = [&ready] {
    if (std::filesystem::exists(ready)) throw mrf::base::SystemError("read", "directory", EIO);
  };
  const std::string script =
      "trap 'touch " + ended + "; exit' TERM; touch " + ready + "; while :; do sleep 0.1; done";
  CHECK_THROWS_AS(attendant.run({{"sh", "-c", script}}, fail), mrf::base::SystemError);
  CHECK(std::filesystem::exists(ended));
}

TEST_CASE("what a command that had to be killed leaves behind may clean up") {
  const KeptMask mask;
  const Directory directory;
  const std::string ready = directory / "ready";
  const std::string ended = directory / "ended";
  Attendant attendant(std::chrono::milliseconds(50));
  const auto interrupt = [&ready] {
    if (std::filesystem::exists(ready)) ::kill(::getpid(), SIGINT);
  };
  // The one that is left has a group of its own, as a watchdog has.
  const std::string left =
      "trap 'touch " + ended + "; exit' TERM; touch " + ready + "; while :; do sleep 0.1; done";
  const std::string script = "trap : TERM; setsid sh -c \"" + left + "\" & while :; do sleep 1000; done";
  const auto end = attendant.run({{"sh", "-c", script}}, interrupt);
  CHECK(end.outcome.signal() == SIGKILL);
  CHECK(std::filesystem::exists(ended));
}

TEST_CASE("what a command that others have killed leaves behind may clean up") {
  const KeptMask mask;
  const Directory directory;
  const std::string ready = directory / "ready";
  const std::string ended = directory / "ended";
  const std::string left =
      "trap 'touch " + ended + "; exit' TERM; touch " + ready + "; while :; do sleep 0.1; done";
  const std::string script =
      "setsid sh -c \"" + left + "\" & until [ -e " + ready + " ]; do sleep 0.01; done; kill -KILL $$";
  const auto end = Attendant(std::chrono::milliseconds(50)).run({{"sh", "-c", script}});
  CHECK(end.outcome.signal() == SIGKILL);
  CHECK(end.signal == 0);
  CHECK(std::filesystem::exists(ended));
}
