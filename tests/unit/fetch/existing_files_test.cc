// SPDX-License-Identifier: MIT
#include "fetch/existing_files.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/error.h"
#include "fetch/stoppable_pipe.h"
#include "fetch/verify_file.h"
#include "md5_of.h"
#include "unit/directory.h"

namespace {

using mrf::fetch::DigestKind;
using State = mrf::fetch::ExistingFile::State;

void write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

mrf::fetch::Expectation md5(const std::string& text) {
  auto expectation = mrf::fetch::parse_expectation("md5", mrf::fetch::to_hex(md5_of(text)));
  expectation.source = "md5";
  return expectation;
}

mrf::fetch::ManifestEntry entry(const std::string& path, std::optional<mrf::fetch::Expectation> expectation,
                                std::optional<std::uint64_t> size = std::nullopt) {
  return {std::nullopt, path, std::move(expectation), false, size};
}

// The states of all entries, with `threads` threads.
std::vector<State> states(const std::vector<mrf::fetch::ManifestEntry>& entries,
                          const mrf::fetch::ExistingFilesOptions& options, unsigned threads) {
  mrf::fetch::WorkerPool pool(threads, [] {});
  mrf::fetch::ExistingFiles files(entries, options, pool);
  std::vector<State> result;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    while (files[i].state == State::unknown) {
      pool.wait_for_done();
      pool.run_done();
    }
    result.push_back(files[i].state);
  }
  while (pool.is_busy()) {
    pool.wait_for_done();
    pool.run_done();
  }
  return result;
}

}  // namespace

TEST_CASE("a file is compared with its digest and its size, and another digest is taken on the way") {
  const Directory directory;
  write(directory / "a", "hello");
  const auto facts = mrf::fetch::verify_file(directory / "a", {md5("hello"), 5, 0}, DigestKind::sha256);
  CHECK(facts.fault == "");
  CHECK(facts.bytes == 5);
  CHECK(mrf::fetch::to_hex(facts.digest) ==
        "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
  CHECK(mrf::fetch::verify_file(directory / "a", {md5("hello"), {}, 0}, DigestKind::md5).digest ==
        md5_of("hello"));
  CHECK(mrf::fetch::verify_file(directory / "a", {{}, {}, 0}, DigestKind::md5).digest == md5_of("hello"));
  CHECK(mrf::fetch::verify_file(directory / "a", {md5("hello"), 6, 0}, {}).fault ==
        "it is to have 6 bytes, but has 5");
  const auto other = mrf::fetch::verify_file(directory / "a", {md5("jello"), 5, 0}, DigestKind::md5);
  CHECK(other.fault.starts_with("md5 is "));
  CHECK(other.digest == "");
  write(directory / "empty", "");
  CHECK(mrf::fetch::verify_file(directory / "empty", {md5(""), 0, 0}, {}).fault == "");
  const std::string large(1000000, 'x');
  write(directory / "large", large);
  CHECK(mrf::fetch::verify_file(directory / "large", {md5(large), {}, 0}, {}).bytes == large.size());
  CHECK_THROWS_AS(mrf::fetch::verify_file(directory / "none", {}, {}), mrf::base::SystemError);
}

TEST_CASE("what is there of many files, small and large, with any number of threads") {
  const Directory directory;
  std::vector<mrf::fetch::ManifestEntry> entries;
  std::vector<State> expected;
  const std::string large(9 << 20, 'L');
  for (int i = 0; i < 1000; ++i) {
    const std::string path = directory / std::to_string(i);
    const bool is_large = i % 250 == 7;
    const std::string text = is_large ? large : std::to_string(i);
    if (i % 3 != 0) write(path, i % 5 == 0 ? "other" : text);
    entries.push_back(entry(path, i % 7 == 0 ? std::nullopt : std::optional(md5(text))));
    expected.push_back(i % 3 != 0 && i % 5 != 0 && i % 7 != 0 ? State::good : State::missing);
  }
  for (const unsigned threads : {0U, 1U, 5U}) {
    CAPTURE(threads);
    CHECK(states(entries, {.at_a_time = 4}, threads) == expected);
  }
  CHECK(states(entries, {.unverified = true}, 2) == std::vector<State>(entries.size(), State::missing));
}

TEST_CASE("with verify_only, what is wrong is an Error, and what has no checksum is unverified") {
  const Directory directory;
  write(directory / "a", "a");
  std::filesystem::create_directory(directory / "d");
  const std::vector<mrf::fetch::ManifestEntry> entries{
      entry(directory / "a", md5("a")),        entry(directory / "a", std::nullopt, 1),
      entry(directory / "a", std::nullopt, 2), entry(directory / "a", md5("b")),
      entry(directory / "none", md5("a")),     entry(directory / "d", md5("a"))};
  mrf::fetch::WorkerPool pool(0, [] {});
  mrf::fetch::ExistingFiles files(entries, {.verify_only = true}, pool);
  (void)files[0];
  pool.run_done();
  CHECK(files[0].state == State::good);
  CHECK(files[1].state == State::unverified);
  mrf::fetch::ExistingFiles required(entries, {.verify_only = true, .required = true}, pool);
  (void)required[0];
  pool.run_done();
  CHECK(required[0].state == State::good);
  REQUIRE(required[1].thrown);
  CHECK_THROWS_AS(std::rethrow_exception(required[1].thrown), mrf::base::DataError);
  for (const std::size_t wrong : {2, 3, 4, 5}) {
    CAPTURE(wrong);
    REQUIRE(files[wrong].thrown);
    CHECK_THROWS_AS(std::rethrow_exception(files[wrong].thrown), mrf::base::Error);
  }
}

TEST_CASE("a file that is being read when stop() comes is left, and is not known") {
  const Directory directory;
  write(directory / "a", "a");
  bool asked = false;
  const auto is_stopped = [&] { return asked = true; };
  CHECK_THROWS_AS(mrf::fetch::verify_file(directory / "a", {md5("a"), {}, 0}, {}, is_stopped),
                  mrf::fetch::Stopped);
  CHECK(asked);
}

TEST_CASE("nothing further is begun after stop()") {
  const Directory directory;
  const std::vector<mrf::fetch::ManifestEntry> entries(1000, entry(directory / "none", md5("a")));
  mrf::fetch::WorkerPool pool(0, [] {});
  mrf::fetch::ExistingFiles files(entries, {}, pool);
  (void)files[0];
  files.stop();
  while (pool.is_busy()) pool.run_done();
  CHECK(files[0].state == State::missing);
  CHECK(files[999].state == State::unknown);
}
