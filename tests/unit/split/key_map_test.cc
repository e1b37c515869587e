// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <unistd.h>

#include "base/error.h"
#include "io/fd.h"
#include "io/temporaries.h"
#include "split/partitioner.h"

namespace {

mrf::io::Temporary file_with(const std::string& text) {
  std::string path = "/tmp/mrf-key-map.XXXXXX";
  mrf::io::Fd fd(mrf::io::adopt_fd, ::mkstemp(path.data()));
  mrf::io::Temporary file(path);
  mrf::io::Meter meter;
  mrf::io::write_all(fd, path, text, meter);
  return file;
}

std::optional<std::size_t> looked_up(const std::string& text, const std::string& key) {
  mrf::io::Meter meter;
  const auto file = file_with(text);
  return mrf::split::KeyMap(file.path(), 3, meter).find(key);
}

}  // namespace

TEST_CASE("a map gives each key its output") {
  CHECK(looked_up("a\t0\nb\t2\n", "b") == 2U);
  CHECK(looked_up("a\t0\r\nb\t2", "b") == 2U);
  CHECK(looked_up("\t1\n", "") == 1U);
  CHECK_FALSE(looked_up("a\t0\n", "b").has_value());
  CHECK_FALSE(looked_up("", "").has_value());
}

TEST_CASE("a map that is wrong is bad data") {
  for (const char* text :
       {"a\n", "a\t3\n", "a\t-1\n", "a\t1x\n", "a\t\n", "\n", "a\t1\na\t1\n", "a\t1\t2\n"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(looked_up(text, "a"), mrf::base::DataError);
  }
}
