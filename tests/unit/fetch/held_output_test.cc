// SPDX-License-Identifier: MIT
#include "fetch/held_output.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "base/error.h"
#include "fetch/outputs.h"
#include "io/output_file.h"
#include "io/paths.h"
#include "unit/directory.h"

namespace {

using mrf::fetch::Checks;
using mrf::fetch::HeldOutput;

mrf::http::ResponseHead head_of(std::size_t bytes) {
  mrf::http::ResponseHead head;
  head.add_line("HTTP/1.1 200 OK");
  head.add_line("Content-Length: " + std::to_string(bytes));
  return head;
}
mrf::http::ObjectVersion version_of(std::size_t bytes) {
  return {"\"a\"", std::nullopt, std::nullopt, bytes};
}

// A held output of eight bytes, and how often its file was opened.
struct Held {
  explicit Held(const std::string& path, mrf::fetch::CheckOptions options = {})
      : checks(std::move(options)),
        output(
            [this, path] {
              ++opened;
              return mrf::io::OutputFile(path);
            },
            directories, checks, "object") {
    output.begin(head_of(8), version_of(8));
  }
  int opened = 0;
  mrf::fetch::MadeDirectories directories;
  Checks checks;
  HeldOutput output;
};

}  // namespace

TEST_CASE("held output: its file is opened when everything came, and written at once") {
  const Directory directory;
  Held held(directory / "sub/x");
  held.output.take(4, "4567");
  CHECK(held.output.agrees(5, "56"));
  CHECK_FALSE(held.output.agrees(5, "57"));
  CHECK_FALSE(held.output.agrees(6, "678"));
  CHECK_THROWS_AS(held.output.take(7, "78"), mrf::base::DataError);
  held.output.take(0, "0123");
  CHECK(held.output.is_held());
  CHECK(held.opened == 0);
  std::filesystem::create_directory(directory / "sub");
  (void)held.output.prepare();
  CHECK_FALSE(std::filesystem::exists(directory / "sub/x"));
  held.output.finish();
  CHECK(held.opened == 1);
  CHECK(content(directory / "sub/x") == "01234567");
}

TEST_CASE("held output: bytes that are not the right ones make no file") {
  const Directory directory;
  mrf::fetch::CheckOptions options;
  options.expectation = mrf::fetch::parse_expectation("md5", "2e9ec317e197819358fbc43afca7d837");
  Held held(directory / "x", options);
  held.output.take(0, "01234568");
  CHECK_THROWS_AS(held.output.prepare(), mrf::base::DataError);
  CHECK_THROWS_AS(held.output.finish(), mrf::base::DataError);
  CHECK(held.opened == 0);
  held.output.forget(mrf::base::Status::bad_data, "it changed");
  held.output.begin(head_of(8), version_of(8));
  held.output.take(0, "01234567");
  held.output.finish();
  CHECK(content(directory / "x") == "01234567");
}

TEST_CASE("held output: what cannot be written leaves nothing that could be committed") {
  Held held("/dev/full");
  held.output.take(0, "01234567");
  CHECK_THROWS_AS(held.output.prepare(), mrf::base::SystemError);
  CHECK_THROWS_AS(held.output.finish(), mrf::base::SystemError);
  CHECK(held.opened == 2);
}

TEST_CASE("held output: another version of the object may be too large to be held") {
  const Directory directory;
  mrf::io::write_output(directory / "first", "x");
  mrf::fetch::MadeDirectories directories;
  const auto url = mrf::http::Url::parse("http://h/x");
  mrf::fetch::TargetOutput output(url, {.path = directory / "x", .checks = {}, .directories = &directories});
  output.begin(head_of(8), version_of(8));
  CHECK(output.is_held() == mrf::io::is_synced_together(mrf::io::directory_of(directory / "x")));
  output.take(0, "0123");
  output.forget(mrf::base::Status::bad_data, "it changed");
  const std::string large(HeldOutput::most_bytes + 1, 'a');
  output.begin(head_of(large.size()), version_of(large.size()));
  CHECK_FALSE(output.is_held());
  output.take(0, large);
  output.finish();
  CHECK(content(directory / "x") == large);
}
