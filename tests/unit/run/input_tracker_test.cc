// SPDX-License-Identifier: MIT
#include "run/input_tracker.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "io/fd.h"
#include "workflow/plan.h"
#include "workflow/workflow.h"

namespace fs = std::filesystem;

using mrf::run::InputPosition;
using mrf::run::InputTracker;
using mrf::run::Job;
using mrf::run::JobState;
using mrf::run::named_inputs;

namespace {

// Files of 1000 bytes in a directory of their own, which is the working directory.
class InputFiles {
 public:
  InputFiles() {
    std::string name = fs::temp_directory_path() / "mrf-unit.XXXXXX";
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    directory_ = name;
    fs::current_path(directory_);
    for (const char* file : {"a", "b", "part.0", "part.1"}) std::ofstream(file) << std::string(1000, 'x');
    std::ofstream("script") << "#!/bin/sh\n" << std::string(1000, 'x');
  }
  ~InputFiles() {
    fs::current_path(before_);
    fs::remove_all(directory_);
  }
  InputFiles(const InputFiles&) = delete;
  InputFiles& operator=(const InputFiles&) = delete;

 private:
  fs::path before_ = fs::current_path();
  fs::path directory_;
};

mrf::workflow::Plan input_plan(const std::string& text) {
  return mrf::workflow::make_plan(mrf::workflow::parse_workflow("w.mrf", text, {}));
}

// A file that this process, which stands for the jobs, has read so far.
mrf::io::Fd read_up_to(const char* path, off_t position) {
  mrf::io::Fd fd = mrf::io::open_file(path, O_RDONLY);
  REQUIRE(::lseek(fd.get(), position, SEEK_SET) == position);
  return fd;
}

std::vector<Job> running(const mrf::workflow::Plan& plan) {
  std::vector<Job> jobs(plan.jobs.size());
  for (Job& job : jobs) {
    job.pid = ::getpid();
    job.state = JobState::running;
  }
  return jobs;
}

}  // namespace

TEST_CASE("the inputs that the words of a job name: no scripts, references, filters and regions") {
  using Names = std::vector<std::string>;
  const InputFiles files;
  const auto names = [](const std::string& line) { return named_inputs(input_plan("x: " + line).jobs[0]); };
  CHECK(names("mrf-chunks -i a -- grep -f b") == Names{"a"});
  CHECK(names("mrf-distribute -i a --mate b save:p save:q") == Names{"a", "b"});
  CHECK(names("mrf-bamread -T b a") == Names{"a"});
  CHECK(names("mrf-bamread -r chr1 a").empty());
  CHECK(names("./script --in=a absent") == Names{"a"});
  CHECK(names("script b script") == Names{"b"});
  CHECK(names("bash a b") == Names{"b"});
  CHECK(names("bash -c 'cat <a|sort; cat \"b\"'") == Names{"a", "b"});
  CHECK(names("wc -l < a") == Names{"a"});
  CHECK(names("sort > save:a").empty());
}

TEST_CASE("the share of files that jobs open themselves is that of all that they name, or is not told") {
  const InputFiles files;
  const auto position_of = [](const std::string& text) {
    const auto plan = input_plan(text);
    return InputTracker(plan, "absent").update(running(plan));
  };
  const mrf::io::Fd a = read_up_to("a", 250);
  const mrf::io::Fd script = read_up_to("script", 500);
  for (const char* text :
       {"x: mrf-distribute -i a --mate b save:p save:q", "x: zcat a b", "x: zcat a\ny: zcat b"}) {
    CAPTURE(text);
    const InputPosition position = position_of(text);
    CHECK(position.bytes == 250);
    CHECK(position.total == 2000);
  }
  CHECK(position_of("x: ./script a").total == 1000);
  CHECK(!position_of("x: ./script a b").total);
  CHECK(!position_of("x: ./script").total);
  CHECK(!position_of("x: cat a\ny: ./script").total);
  const mrf::io::Fd first = read_up_to("part.0", 1000);
  CHECK(!position_of("n = 2\nx[n]: ./script part.[i]").total);
  const mrf::io::Fd second = read_up_to("part.1", 500);
  const InputPosition both = position_of("n = 2\nx[n]: ./script part.[i]");
  CHECK(both.total == 2000);
  CHECK(both.bytes == 1500);
}
