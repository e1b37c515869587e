// SPDX-License-Identifier: MIT
#include "io/paths.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/error.h"
#include "unit/directory.h"

TEST_CASE("two paths are one file by any link, there or not") {
  const Directory directory;
  const std::string dir = directory / "d";
  std::filesystem::create_directory(dir);
  const auto key = [&](const std::string& path) {
    return mrf::io::file_key(path, mrf::io::FdRef(STDIN_FILENO));
  };
  mrf::io::open_file(dir + "/file", O_CREAT | O_WRONLY);
  REQUIRE(::link((dir + "/file").c_str(), (dir + "/hard").c_str()) == 0);
  REQUIRE(::symlink("hard", (dir + "/soft").c_str()) == 0);
  REQUIRE(::symlink("later", (dir + "/dangling").c_str()) == 0);
  REQUIRE(::mkfifo((dir + "/fifo").c_str(), 0600) == 0);
  CHECK(mrf::io::file_id(dir + "/file") == mrf::io::file_id(dir + "/soft"));
  CHECK(mrf::io::file_id(dir + "/file") != mrf::io::file_id(dir + "/fifo"));
  CHECK_THROWS_AS(mrf::io::file_id(dir + "/later"), mrf::base::SystemError);
  CHECK(key(dir + "/file") == key(dir + "/./soft"));
  CHECK(key(dir + "/dangling") == key(dir + "/../d/later"));
  CHECK(key(dir + "/later") != key(dir + "/file"));
  CHECK(key("/dev/null").empty());
  CHECK(mrf::io::is_same_file(dir + "/soft", dir + "/file"));
  CHECK(mrf::io::is_same_file(dir + "/dangling", dir + "/later"));
  CHECK_FALSE(mrf::io::is_same_file(dir + "/file", dir + "/later"));
  CHECK_FALSE(mrf::io::is_same_file(dir + "/fifo", dir + "/fifo"));
  CHECK_FALSE(mrf::io::is_same_file("-", "-"));
}
