// SPDX-License-Identifier: MIT
#include "base/processors.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "unit/directory.h"

namespace fs = std::filesystem;

namespace {

// A root with the files that say in which control groups a process is, and their quotas.
class Root {
 public:
  explicit Root(const std::string& groups) { write("proc/self/cgroup", groups); }

  void write(const std::string& name, const std::string& text) {
    const fs::path path = directory_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  int processors() const { return mrf::base::processors_of_quota(directory_ / ""); }

 private:
  Directory directory_;
};

}  // namespace

TEST_CASE("cgroups(7), version 2: the least quota of a group and those above it, rounded up") {
  Root root("0::/slurm/job 1/task\n");
  CHECK(root.processors() == 0);
  root.write("sys/fs/cgroup/slurm/job 1/task/cpu.max", "max 100000\n");
  CHECK(root.processors() == 0);
  root.write("sys/fs/cgroup/slurm/cpu.max", "800000 100000\n");
  CHECK(root.processors() == 8);
  root.write("sys/fs/cgroup/slurm/job 1/cpu.max", "250000 100000\n");
  CHECK(root.processors() == 3);
  root.write("sys/fs/cgroup/slurm/job 1/task/cpu.max", "1000 100000\n");
  CHECK(root.processors() == 1);
}

TEST_CASE("cgroups(7), version 2: a container sees its group as the root") {
  Root root("0::/\n");
  root.write("sys/fs/cgroup/cpu.max", "400000 100000\n");
  CHECK(root.processors() == 4);
}

TEST_CASE(
    "cgroups(7), version 1: cpu.cfs_quota_us, with the controllers' names in any order; -1 is no quota") {
  for (const char* const controllers : {"cpu", "cpu,cpuacct", "cpuacct,cpu"}) {
    CAPTURE(controllers);
    Root root("5:memory:/a\n4:cpuset:/c\n3:" + std::string(controllers) + ":/a/b\n0::/\n");
    root.write("sys/fs/cgroup/cpuset/c/cpu.cfs_quota_us", "100000\n");
    const std::string mount = "sys/fs/cgroup/" + std::string(controllers);
    root.write(mount + "/a/b/cpu.cfs_quota_us", "-1\n");
    root.write(mount + "/a/b/cpu.cfs_period_us", "50000\n");
    CHECK(root.processors() == 0);
    root.write(mount + "/a/b/cpu.cfs_quota_us", "300000\n");
    CHECK(root.processors() == 6);
  }
}

TEST_CASE("what makes no sense is no quota") {
  for (const char* const text :
       {"", "max", "100000", "-5 100000", "x y", "100000 0", "99999999999999999999 1"}) {
    CAPTURE(text);
    Root root("0::/\nnonsense\n");
    root.write("sys/fs/cgroup/cpu.max", text);
    CHECK(root.processors() == 0);
  }
}

TEST_CASE("SLURM_CPUS_PER_TASK counts inside a job") {
  CHECK(mrf::base::processors_of_slurm("7", "4") == 4);
  CHECK(mrf::base::processors_of_slurm(nullptr, "4") == 0);
  CHECK(mrf::base::processors_of_slurm("7", nullptr) == 0);
  CHECK(mrf::base::processors_of_slurm("7", "four") == 0);
}
