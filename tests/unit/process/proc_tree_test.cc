// SPDX-License-Identifier: MIT
#include "process/proc_tree.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

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
