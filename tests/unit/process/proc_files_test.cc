// SPDX-License-Identifier: MIT
#include "process/proc_files.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

TEST_CASE("the text of a file of a process is read as a whole") {
  CHECK(mrf::process::proc_text("/proc/self/comm") == "unit-process\n");
  CHECK(mrf::process::proc_text("/proc/self/maps").size() > 4096);
}

TEST_CASE("the directory of a process is listed as a whole") {
  const auto threads = mrf::process::proc_paths("/proc/self/task");
  REQUIRE(threads);
  const std::string first = "/proc/self/task/" + std::to_string(::getpid());
  CHECK(std::find(threads->begin(), threads->end(), first) != threads->end());
}

TEST_CASE("a process that is gone has no text and no names") {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  CHECK(mrf::process::proc_text("/proc/" + std::to_string(child) + "/environ").empty());
  CHECK_FALSE(mrf::process::proc_paths("/proc/" + std::to_string(child) + "/task"));
}

TEST_CASE("a process may end between open(2) and read(2)") {
  CHECK(mrf::process::proc_text("/proc").empty());  // opened, but not read: EISDIR
}
