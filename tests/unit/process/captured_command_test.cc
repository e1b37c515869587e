// SPDX-License-Identifier: MIT
#include "process/captured_command.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <string>
#include <thread>

#include "base/error.h"
#include "io/temporaries.h"

namespace {

const auto never_stopped = [] { return false; };

std::optional<std::string> captured_shell(const std::string& script, const std::string& input = "") {
  return mrf::process::output_of({{"/bin/sh", "-c", script}, {"MRF_CAPTURED=x"}, input}, never_stopped);
}

}  // namespace

TEST_CASE("captured: a command gets its input and gives its output, whatever it leaves behind") {
  CHECK(captured_shell("cat; echo $MRF_CAPTURED", "in\n") == "in\nx\n");
  CHECK(captured_shell("exec <&-; echo out") == "out\n");
  CHECK(captured_shell("head -c 60000 /dev/zero").value().size() == 60000);
  CHECK(captured_shell("sleep 60 & echo $!").has_value());  // the pipe stays open
  // In a thread, too, whose end is no end of the command.
  std::optional<std::string> text;
  std::thread([&] { text = captured_shell("echo thread"); }).join();
  CHECK(text == "thread\n");
}

TEST_CASE("captured: a parent may have left the ends of children ignored") {
  const auto before = ::signal(SIGCHLD, SIG_IGN);
  CHECK(captured_shell("echo out") == "out\n");
  ::signal(SIGCHLD, before);
}

TEST_CASE("captured: failures, and too much output") {
  CHECK_THROWS_WITH_AS(captured_shell("exit 3"), "cannot run '/bin/sh': exit status 3", mrf::base::Error);
  CHECK_THROWS_WITH_AS(captured_shell("kill -9 $$"), "cannot run '/bin/sh': signal 9 (Killed)",
                       mrf::base::Error);
  CHECK_THROWS_WITH_AS(captured_shell("head -c 70000 /dev/zero"),
                       "cannot run '/bin/sh': it writes more than 64 KiB", mrf::base::Error);
  CHECK_THROWS_WITH_AS(mrf::process::output_of({{"/no/such/command"}}, never_stopped),
                       "cannot execute '/no/such/command': No such file or directory", mrf::base::Error);
}

TEST_CASE("captured: a command that is stopped is ended, by KILL if need be") {
  for (const char* script : {"exec sleep 60", "trap '' TERM; while :; do sleep 0.1; done"}) {
    const auto begin = std::chrono::steady_clock::now();
    const auto text = mrf::process::output_of({{"/bin/sh", "-c", script}}, [&] {
      return std::chrono::steady_clock::now() - begin > std::chrono::milliseconds(200);
    });
    CHECK_FALSE(text.has_value());
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(40));
  }
}

TEST_CASE("captured: nothing that a command has started outlives it when it is ended") {
  for (const char* script : {"sleep 60 & wait", "(sleep 60; :) & sleep 60; :",
                             "(trap '' TERM; sleep 60; sleep 60) & sleep 60; :", "sleep 60 & yes"}) {
    CAPTURE(script);
    int held[2];
    REQUIRE(::pipe(held) == 0);  // each of its processes has it open
    const auto begin = std::chrono::steady_clock::now();
    std::optional<std::string> text;
    try {
      text = mrf::process::output_of({{"/bin/sh", "-c", script}}, [&] {
        return std::chrono::steady_clock::now() - begin > std::chrono::milliseconds(200);
      });
    } catch (const mrf::base::Error&) {  // too much output
    }
    CHECK_FALSE(text.has_value());
    ::close(held[1]);
    pollfd end{held[0], POLLIN, 0};
    CHECK(::poll(&end, 1, 20'000) == 1);
    ::close(held[0]);
  }
}

TEST_CASE("captured: a signal that ends the program ends all that a command has started") {
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1}) {
    CAPTURE(number);
    int held[2];
    REQUIRE(::pipe(held) == 0);  // each of its processes has it open
    const pid_t program = ::fork();
    REQUIRE(program >= 0);
    if (program == 0) {
      mrf::io::remove_temporaries_on_signals();
      const std::string started = "echo >/proc/self/fd/" + std::to_string(held[1]);
      (void)captured_shell("(trap '' TERM INT HUP; " + started + "; sleep 60; sleep 60) & wait");
      ::_exit(0);
    }
    ::close(held[1]);
    char byte = 0;
    CHECK(::read(held[0], &byte, 1) == 1);
    ::kill(program, number);
    pollfd end{held[0], POLLIN, 0};
    CHECK(::poll(&end, 1, 20'000) == 1);
    CHECK(::read(held[0], &byte, 1) == 0);
    ::close(held[0]);
    int status = 0;
    REQUIRE(::waitpid(program, &status, 0) == program);
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == number);
  }
}
