// SPDX-License-Identifier: MIT
#include "io/pipe_lines.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace {

void put(const mrf::io::Pipe& pipe, const std::string& text) {
  CHECK(::write(pipe.write_end.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

}  // namespace

TEST_CASE("lines come out of a pipe whole, whatever its pieces are") {
  mrf::io::Pipe pipe = mrf::io::make_pipe();
  ::fcntl(pipe.read_end.get(), F_SETFL, O_NONBLOCK);
  std::vector<std::string> got;
  mrf::io::PipeLines lines(std::move(pipe.read_end),
                           [&](std::string line) { got.push_back(std::move(line)); });
  put(pipe, "a\n\nb");
  CHECK(lines.pump());
  CHECK(got == std::vector<std::string>{"a", ""});
  CHECK(lines.pump());
  put(pipe, "c\nd");
  CHECK(lines.pump());
  CHECK(got.back() == "bc");
  SUBCASE("the end of the pipe") {
    pipe.write_end.reset();
    CHECK_FALSE(lines.pump());
    lines.finish();
    CHECK(got.back() == "d");
  }
  SUBCASE("a writer that goes on is not waited for") {
    put(pipe, "e\nf");
    lines.finish();
    CHECK(got == std::vector<std::string>{"a", "", "bc", "de", "f"});
    CHECK_FALSE(lines.pump());
    lines.finish();
    CHECK(got.size() == 5);
  }
  SUBCASE("a line that is too long comes in parts") {
    for (int part = 0; part < 3; ++part) {
      put(pipe, std::string(40000, 'x'));
      CHECK(lines.pump());
    }
    put(pipe, "\n");
    lines.finish();
    REQUIRE(got.size() == 5);
    CHECK(got[3].size() + got[4].size() == 1 + 120000);
  }
}
