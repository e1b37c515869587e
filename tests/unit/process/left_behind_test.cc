// SPDX-License-Identifier: MIT
#include "process/left_behind.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "directory.h"
#include "io/fd.h"
#include "process/launch.h"
#include "process/proc_tree.h"

namespace {

std::optional<mrf::process::LeftBehind> find_user(const std::vector<mrf::process::AwaitedFile>& files) {
  return mrf::process::find_left_behind(::getpid(), {}, [&] { return files; });
}

void kill_and_wait(pid_t child) {
  ::kill(child, SIGKILL);
  CHECK(::waitpid(child, nullptr, 0) == child);
}

// A process that has written a line, and waits.
struct Waiting {
  explicit Waiting(std::vector<std::string> words, std::vector<std::string> environment = {}) {
    mrf::io::Pipe news = mrf::io::make_pipe();
    mrf::process::LaunchSpec spec;
    spec.words = {"bash", "-c", "echo; read -r _; echo", "bash"};
    spec.words.insert(spec.words.end(), words.begin(), words.end());
    spec.environment = std::move(environment);
    mrf::io::Pipe gate = mrf::io::make_pipe();
    spec.passed = {{STDIN_FILENO, gate.read_end}, {STDOUT_FILENO, news.write_end}};
    pid = mrf::process::launch(spec).pid;
    held = std::move(gate.write_end);
    char byte = 0;
    REQUIRE(::read(news.read_end.get(), &byte, 1) == 1);
  }
  ~Waiting() { kill_and_wait(pid); }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

  pid_t pid = -1;
  mrf::io::Fd held;
};

}  // namespace

TEST_CASE("a process may open a file whose path its words or its environment hold, and no other") {
  const Waiting process({"/d/out/p.1", "/d/.mrf-run.0/file"},
                        {"MRF_SIDE=/d/out/side", "OTHER=/d/out/q,/d/x"});
  for (const char* path : {"/d/out/p.1", "/d/.mrf-run.0", ".mrf-run.0", "/d/out/side", "/d/out/q", "/d/x"}) {
    const auto found = find_user({{"none", {}}, {"one", {}, "/nowhere"}, {"file", {}, path}});
    REQUIRE_MESSAGE(found.has_value(), path);
    CHECK(found->pid == process.pid);
    CHECK(found->file == "file");
    CHECK(found->way == mrf::process::LeftBehind::Way::knows_path);
  }
  for (const char* path : {"", "/d/out/p", "/d/out/p.", "/d/out/sid", "/d/out/side2", "/d/.mrf-run"})
    CHECK_MESSAGE(!find_user({{"file", {}, path}}), path);
  CHECK_FALSE(mrf::process::find_left_behind(::getpid(), {process.pid}, [] {
    return std::vector<mrf::process::AwaitedFile>{{"file", {}, "/d/x"}};
  }));
}

TEST_CASE("who has a file open for reading counts where the file is to be read") {
  const Waiting process({});
  struct stat info {};
  REQUIRE(::fstat(process.held.get(), &info) == 0);
  const mrf::io::FileId input(info);
  CHECK_FALSE(find_user({{"file", input}}));
  const auto found = find_user({{"file", input, "", true}});
  REQUIRE(found.has_value());
  CHECK(found->way == mrf::process::LeftBehind::Way::reads);
  CHECK(found->describe("it").find("has it open for reading") != std::string::npos);
}

TEST_CASE("nothing is asked about files when no process is left") {
  bool is_asked = false;
  const auto spared = mrf::process::children_of_process();
  CHECK_FALSE(mrf::process::find_left_behind(::getpid(), spared, [&is_asked] {
    is_asked = true;
    return std::vector<mrf::process::AwaitedFile>{};
  }));
  CHECK_FALSE(is_asked);
}

TEST_CASE("a process that has a file open for writing is found while its parent ends") {
  const Directory directory;
  const std::string path = directory / "file";
  mrf::process::adopt_orphans();
  const mrf::io::Pipe news = mrf::io::make_pipe();
  const mrf::io::Pipe gate = mrf::io::make_pipe();
  for (int round = 0; round < 300; ++round) {
    char byte = 0;
    const pid_t parent = ::fork();
    if (parent == 0) {
      if (::fork() != 0) ::_exit(::read(gate.read_end.get(), &byte, 1) == 1 ? 0 : 1);
      ::alarm(300);
      const pid_t self = ::getpid();
      if (::open(path.c_str(), O_WRONLY | O_CREAT, 0600) < 0) ::_exit(1);
      if (::write(news.write_end.get(), &self, sizeof self) != sizeof self) ::_exit(1);
      for (;;) ::pause();
    }
    pid_t writer = -1;
    REQUIRE(::read(news.read_end.get(), &writer, sizeof writer) == sizeof writer);
    struct stat info {};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    REQUIRE(::write(gate.write_end.get(), &byte, 1) == 1);
    bool is_found = true;
    while (::waitpid(parent, nullptr, WNOHANG) == 0) {
      const auto found = find_user({{"file", mrf::io::FileId(info)}});
      is_found = is_found && found && found->pid == writer;
    }
    CHECK(is_found);
    kill_and_wait(writer);
  }
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
}
