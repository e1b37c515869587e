// SPDX-License-Identifier: MIT
#include "process/watchdog.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "io/fd.h"

namespace {

mrf::process::LaunchSpec shell(const std::string& text) {
  mrf::process::LaunchSpec spec;
  spec.words = {"sh", "-c", text};
  return spec;
}

void wait_for(mrf::io::FdRef fd) {
  pollfd polled{fd.get(), POLLIN, 0};
  REQUIRE(::poll(&polled, 1, 60000) == 1);
}

std::string read_all(mrf::io::FdRef fd) {
  std::string text;
  char buffer[256];
  for (;;) {
    wait_for(fd);
    const ssize_t n = ::read(fd.get(), buffer, sizeof buffer);
    if (n <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(n));
  }
}

bool is_there(pid_t pid) { return ::kill(pid, 0) == 0; }

}  // namespace

TEST_CASE("a process that the watchdog starts: its standard error, its end and its status") {
  mrf::process::Watchdog watchdog(
      [](std::size_t number) { return shell("echo job >&2; exit " + std::to_string(number)); }, [] {});
  const mrf::process::Launched launched = watchdog.launch(7);
  CHECK(read_all(launched.standard_error) == "job\n");
  wait_for(watchdog.events());
  const auto ended = watchdog.take_ended();
  REQUIRE(ended.size() == 1);
  CHECK(ended[0].pid == launched.pid);
  CHECK(mrf::process::Outcome::of_wait_status(ended[0].wait_status).status() == 7);
  CHECK(watchdog.take_ended().empty());
}

TEST_CASE("a sweep tells all that have ended by then") {
  mrf::process::Watchdog watchdog([](std::size_t) { return shell("exit 1"); }, [] {});
  for (std::size_t number = 0; number < 20; ++number) {
    const mrf::process::Launched launched = watchdog.launch(number);
    read_all(launched.standard_error);  // it has closed everything
  }
  std::size_t ended = 0;
  while (ended < 20) ended += watchdog.take_all_ended().size();
  CHECK(ended == 20);
}

TEST_CASE("end_all() ends whatever the processes have started, in sessions of their own too") {
  mrf::process::Watchdog watchdog(
      [](std::size_t) { return shell("setsid sh -c 'echo $$ >&2; exec tail -f /dev/null' & wait"); }, [] {});
  const mrf::process::Launched launched = watchdog.launch(0);
  wait_for(launched.standard_error);
  char text[32] = {};
  REQUIRE(::read(launched.standard_error.get(), text, sizeof text - 1) > 0);
  const pid_t inner = std::stoi(text);
  CHECK(is_there(inner));
  CHECK(watchdog.end_all().empty());
  CHECK_FALSE(is_there(inner));
  CHECK_FALSE(is_there(launched.pid));
}

TEST_CASE("a watchdog that is killed is lost, and nothing that it started is left") {
  mrf::process::Watchdog watchdog([](std::size_t) { return shell("exec tail -f /dev/null"); }, [] {});
  const mrf::process::Launched launched = watchdog.launch(0);
  ::kill(watchdog.pid(), SIGKILL);
  wait_for(watchdog.events());
  CHECK(watchdog.take_ended().empty());
  REQUIRE(watchdog.lost());
  CHECK(watchdog.lost()->signal() == SIGKILL);
  CHECK_THROWS_AS(watchdog.launch(1), mrf::base::Error);
  watchdog.finish();
  CHECK_FALSE(is_there(launched.pid));
}

TEST_CASE("a maker that is killed: the watchdog ends the jobs, then cleans up") {
  const mrf::io::Pipe pipe = mrf::io::make_pipe();
  const pid_t maker = ::fork();
  REQUIRE(maker >= 0);
  if (maker == 0) {
    mrf::process::Watchdog watchdog([](std::size_t) { return shell("exec tail -f /dev/null"); },
                                    [&] { (void)!::write(pipe.write_end.get(), "cleaned up", 10); });
    const mrf::process::Launched launched = watchdog.launch(0);
    ::kill(::getpid(), SIGKILL);
  }
  ::waitpid(maker, nullptr, 0);
  wait_for(pipe.read_end);
  char text[32] = {};
  CHECK(::read(pipe.read_end.get(), text, sizeof text) == 10);
}

TEST_CASE("a process that a terminal has stopped is told, and no other that is stopped") {
  mrf::process::Watchdog watchdog(
      [](std::size_t number) { return shell(number == 0 ? "kill -STOP $$" : "kill -TTIN $$"); }, [] {});
  const mrf::process::Launched stopped = watchdog.launch(0);
  const mrf::process::Launched by_terminal = watchdog.launch(1);
  wait_for(watchdog.events());
  CHECK(watchdog.take_ended().empty());
  CHECK(watchdog.take_stopped() == std::vector<pid_t>{by_terminal.pid});
  CHECK(watchdog.take_stopped().empty());
}
