// SPDX-License-Identifier: MIT
#include "run/leftovers.h"

#include <doctest/doctest.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "unit/directory.h"

namespace {

std::function<void()> before_next_lock;

// The directory of FIFOs of a run, and one beside its result.
struct Run {
  explicit Run(const Directory& root)
      : fifos(root / "mrf-run.0123456789abcdef"), result(root / ".mrf-run.0123456789abcdef") {
    std::filesystem::create_directory(fifos);
    std::filesystem::create_directory(result);
    mark.emplace().set(fifos, {result});
  }
  std::ptrdiff_t directories() const {
    return std::filesystem::exists(fifos) + std::filesystem::exists(result);
  }
  std::string fifos;
  std::string result;
  std::optional<mrf::run::LiveMark> mark;
};

}  // namespace

// In place of that of libc, for what another process does just before.
extern "C" int flock(int fd, int operation) noexcept {
  if (const auto act = std::exchange(before_next_lock, {})) act();
  return static_cast<int>(::syscall(SYS_flock, fd, operation));
}

TEST_CASE("what a run has left is removed when no process of the run holds its mark") {
  const Directory root;
  Run run(root);
  mrf::run::remove_leftovers(root / "");
  CHECK(run.directories() == 2);
  mrf::run::LiveMark of_watchdog;
  of_watchdog.hold(run.fifos);
  run.mark.reset();
  mrf::run::remove_leftovers(root / "");
  CHECK(run.directories() == 2);
  of_watchdog = {};
  mrf::run::remove_leftovers(root / "");
  CHECK(run.directories() == 0);
}

TEST_CASE("a directory stays whose run removes the mark, and ends, while another one looks at it") {
  const Directory root;
  Run run(root);
  before_next_lock = [&run] {
    mrf::run::LiveMark::remove(run.fifos);
    run.mark.reset();
  };
  mrf::run::remove_leftovers(root / "");
  CHECK(!before_next_lock);
  CHECK(run.directories() == 2);
}
