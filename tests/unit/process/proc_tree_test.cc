// SPDX-License-Identifier: MIT
#include "process/proc_tree.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <future>
#include <thread>

#include "directory.h"
#include "io/fd.h"

namespace {

bool is_input(const mrf::io::Fd& file) {
  struct stat info {};
  REQUIRE(::fstat(file.get(), &info) == 0);
  const auto inputs = mrf::process::open_inputs(::getpid());
  return std::any_of(inputs.begin(), inputs.end(),
                     [&](const auto& input) { return input.file == mrf::io::FileId(info); });
}

// A child that waits until it is killed.
pid_t start_waiting_child() {
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (;;) ::pause();
}

void end(pid_t child) {
  ::kill(child, SIGKILL);
  CHECK(::waitpid(child, nullptr, 0) == child);
}

}  // namespace

TEST_CASE("the inputs of a process are the files with a name that it has open for reading only") {
  const Directory directory;
  const std::string path = directory / "file";
  const mrf::io::Fd written = mrf::io::open_file(path, O_RDWR | O_CREAT);
  REQUIRE(::write(written.get(), "text", 4) == 4);
  CHECK(!is_input(written));
  const mrf::io::Fd read = mrf::io::open_file(path, O_RDONLY);
  CHECK(is_input(read));
  REQUIRE(std::filesystem::remove(path));
  CHECK(!is_input(read));
}

TEST_CASE("the machine's processors are idle for a part of their time") {
  const mrf::process::MachineTime time = mrf::process::machine_time();
  CHECK(time.all_s > 0);
  CHECK(time.idle_s >= 0);
  CHECK(time.idle_s <= time.all_s);
}

TEST_CASE("the tree of a process has the children of all its threads") {
  std::promise<pid_t> started;
  std::promise<void> is_seen;
  std::thread thread([&] {
    started.set_value(start_waiting_child());
    is_seen.get_future().wait();
  });
  const pid_t child = started.get_future().get();
  const auto tree = mrf::process::process_tree(::getpid());
  CHECK(std::find(tree.begin(), tree.end(), child) != tree.end());
  end(child);
  is_seen.set_value();
  thread.join();
}
