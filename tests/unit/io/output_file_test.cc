// SPDX-License-Identifier: MIT
#include "io/output_file.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "base/error.h"
#include "io/fd.h"
#include "unit/directory.h"

namespace fs = std::filesystem;

namespace {

void put(mrf::io::OutputFile& file, const std::string& text) {
  mrf::io::Meter meter;
  mrf::io::write_all(file.fd(), file.name(), text, meter);
  CHECK(meter.bytes == text.size());
}

}  // namespace

TEST_CASE("a result has its name only after commit") {
  const Directory directory;
  mrf::io::OutputFile file(directory / "out");
  put(file, "new");
  CHECK_FALSE(fs::exists(directory / "out"));
  file.commit();
  CHECK(content(directory / "out") == "new");
  CHECK(directory.entries() == 1);
}

TEST_CASE("a file that took the name meanwhile is replaced") {
  const Directory directory;
  mrf::io::OutputFile file(directory / "out");
  put(file, "new");
  std::ofstream(directory / "out") << "other";
  file.commit();
  CHECK(content(directory / "out") == "new");
  CHECK(directory.entries() == 1);
}

TEST_CASE("an existing target is kept without commit, and its mode with it") {
  const Directory directory;
  std::ofstream(directory / "out") << "old";
  ::chmod((directory / "out").c_str(), 0640);
  {
    mrf::io::OutputFile file(directory / "out");
    put(file, "new");
  }
  CHECK(content(directory / "out") == "old");
  mrf::io::OutputFile file(directory / "out");
  put(file, "new");
  file.commit();
  CHECK(content(directory / "out") == "new");
  CHECK((fs::status(directory / "out").permissions() & fs::perms::all) == fs::perms(0640));
  CHECK(directory.entries() == 1);
}

TEST_CASE("the bits that give rights are not carried over to new content") {
  const Directory directory;
  std::ofstream(directory / "out") << "old";
  REQUIRE(::chmod((directory / "out").c_str(), 07750) == 0);
  mrf::io::OutputFile file(directory / "out");
  put(file, "new");
  file.commit();
  CHECK((fs::status(directory / "out").permissions() & fs::perms::mask) == fs::perms(0750));
}

TEST_CASE("several old results change places with the new ones, and are gone") {
  const Directory directory;
  for (const char* name : {"first", "second"}) std::ofstream(directory / name) << "old";
  mrf::io::OutputFile first(directory / "first");
  mrf::io::OutputFile second(directory / "second");
  mrf::io::OutputFile third(directory / "third");
  for (auto* file : {&first, &second, &third}) put(*file, "new");
  mrf::io::commit_together({&first, &second, &third});
  for (const char* name : {"first", "second", "third"}) CHECK(content(directory / name) == "new");
  CHECK(directory.entries() == 3);
}

TEST_CASE("what a killed process has left beside its target is removed, and what a living one has is not") {
  const Directory directory;
  std::ofstream(directory / "out") << "old";
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    mrf::io::OutputFile file(directory / "out");
    file.finish();
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  REQUIRE(directory.entries() == 2);
  mrf::io::OutputFile living(directory / "out");
  put(living, "living");
  living.finish();
  CHECK(directory.entries() == 2);
  mrf::io::OutputFile other(directory / "out");
  put(other, "other");
  other.finish();
  CHECK(directory.entries() == 3);
  other.commit();
  CHECK(content(directory / "out") == "other");
  living.commit();
  CHECK(content(directory / "out") == "living");
  CHECK(directory.entries() == 1);
}

TEST_CASE("a symbolic link stays one, dangling or not") {
  const Directory directory;
  fs::create_symlink("real", directory / "link");
  for (const char* text : {"one", "two"}) {
    mrf::io::OutputFile file(directory / "link");
    put(file, text);
    file.commit();
    CHECK(fs::is_symlink(directory / "link"));
    CHECK(content(directory / "real") == text);
  }
}

TEST_CASE("links that lead to links, at last to nothing, all stay") {
  const Directory directory;
  fs::create_symlink("second", directory / "first");
  fs::create_symlink(fs::path(directory / "real"), directory / "second");
  mrf::io::OutputFile file(directory / "first");
  put(file, "data");
  file.commit();
  CHECK(fs::is_symlink(directory / "first"));
  CHECK(fs::is_symlink(directory / "second"));
  CHECK(content(directory / "real") == "data");
  fs::create_symlink("round", directory / "round");
  CHECK_THROWS_AS(mrf::io::OutputFile(directory / "round"), mrf::base::SystemError);
}

TEST_CASE("results that are committed together are all there or none") {
  const Directory directory;
  std::ofstream(directory / "first") << "old";
  mrf::io::OutputFile first(directory / "first");
  mrf::io::OutputFile second(directory / "second");
  mrf::io::OutputFile third(directory / "third");
  put(first, "new");
  fs::create_directory(directory / "third");
  CHECK_THROWS_WITH(mrf::io::commit_together({&first, &second, &third}),
                    ("cannot write '" + directory / "third" + "': Is a directory").c_str());
  CHECK(content(directory / "first") == "old");
  CHECK_FALSE(fs::exists(directory / "second"));
  fs::remove(directory / "third");
  mrf::io::commit_together({&first, &second, &third});
  CHECK(content(directory / "first") == "new");
  CHECK(directory.entries() == 3);
}

TEST_CASE("results that are committed beside each other succeed or fail each by itself") {
  const Directory directory;
  using Existing = mrf::io::OutputFile::Existing;
  const auto old = directory / "old";
  std::ofstream(old) << "old";
  mrf::io::OutputFile fresh(directory / "fresh");
  mrf::io::OutputFile replacing(old);
  mrf::io::OutputFile keeping(directory / "kept", Existing::kept);
  mrf::io::OutputFile late(directory / "late", Existing::kept);
  mrf::io::OutputFile blocked(directory / "blocked");
  mrf::io::OutputFile broken(directory / "broken");
  for (auto* file : {&fresh, &replacing, &keeping, &late, &blocked, &broken}) put(*file, "new");
  std::ofstream(directory / "late") << "other";
  fs::create_directory(directory / "blocked");
  REQUIRE(::close(broken.fd().get()) == 0);  // fsync(2) fails
  const auto thrown = mrf::io::commit_each({&fresh, &broken, &late, &replacing, &blocked, &keeping});
  REQUIRE(thrown.size() == 6);
  for (const std::size_t i : {0, 3, 5}) CHECK(thrown[i] == nullptr);
  const auto fails = [&](std::size_t i, const std::string& name, const std::string& reason) {
    CHECK_THROWS_WITH(std::rethrow_exception(thrown[i]),
                      ("cannot write '" + directory / name + "': " + reason).c_str());
  };
  fails(1, "broken", "Bad file descriptor");
  fails(2, "late", "File exists");
  fails(4, "blocked", "Is a directory");
  for (const char* name : {"fresh", "old", "kept"}) CHECK(content(directory / name) == "new");
  CHECK(content(directory / "late") == "other");
  CHECK_FALSE(fs::exists(directory / "broken"));
}

TEST_CASE("a result whose directory is gone can be committed when it is there again") {
  const Directory directory;
  fs::create_directory(directory / "sub");
  mrf::io::OutputFile file(directory / "sub/out");
  put(file, "new");
  fs::remove_all(directory / "sub");
  const auto thrown = mrf::io::commit_each({&file});
  CHECK_THROWS_WITH(std::rethrow_exception(thrown.at(0)),
                    ("cannot write '" + directory / "sub/out" + "': No such file or directory").c_str());
  fs::create_directory(directory / "sub");
  file.commit();
  CHECK(content(directory / "sub/out") == "new");
}

TEST_CASE("a directory, an empty name and a missing directory are refused") {
  const Directory directory;
  CHECK_THROWS_AS(mrf::io::OutputFile(directory / ""), mrf::base::SystemError);
  CHECK_THROWS_AS(mrf::io::OutputFile(""), mrf::base::SystemError);
  CHECK_THROWS_AS(mrf::io::OutputFile(directory / "no/out"), mrf::base::SystemError);
  CHECK_THROWS_AS(mrf::io::OutputFile(directory / "out/"), mrf::base::SystemError);
}

TEST_CASE("a device is written directly") {
  mrf::io::OutputFile file("/dev/null");
  CHECK(file.is_direct());
  put(file, "gone");
  file.commit();
}

TEST_CASE("a device that is full says so") {
  mrf::io::OutputFile file("/dev/full");
  mrf::io::Meter meter;
  CHECK_THROWS_WITH(mrf::io::write_all(file.fd(), file.name(), "x", meter),
                    "cannot write '/dev/full': No space left on device");
}
