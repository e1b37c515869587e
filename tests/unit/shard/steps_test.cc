// SPDX-License-Identifier: MIT
#include "shard/steps.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "process/run_signals.h"
#include "shard/command.h"
#include "shard/join.h"
#include "shard/run_lock.h"
#include "shard/shard_log.h"
#include "unit/directory.h"
#include "unit/shard/files.h"

namespace {

using namespace mrf;
using namespace mrf::shard;
using namespace mrf::shard::test;

// A text of six bytes in one shard.
Plan plan_of_filter(const std::string& filter) {
  Plan plan;
  plan.directory = "/";
  plan.arguments = {"-i", "in.txt", "-o", "out.txt", "--", filter};
  plan.input = {"in.txt", 6, "1.0", "", Storage::plain};
  plan.cuts = {0, 6};
  return plan;
}

// Runs shard 0 of such a plan; in place of the filter, three lines are written as its part.
Command command_of(const shard::Directory& directory, const StoredPlan& stored) {
  Command command;
  command.options.directory = directory.path();
  command.options.run = 0;
  command.stored = stored;
  command.form.inputs = {"in.txt"};
  command.form.outputs = {"out.txt"};
  command.form.command = {"cat"};
  command.run_plan = [&directory](const workflow::Plan&, const std::string& report, const auto&) {
    const std::string part = directory.part_path(std::filesystem::path(report).stem());
    write_file(part, "1\n2\n3\n");
    write_file(part + ".landing0", landing_text({0, 6, 3}));
    return EngineEnd{};
  };
  return command;
}

}  // namespace

TEST_CASE("a shard of a plan that is replaced in its directory has no receipt there") {
  const ::Directory files;
  const shard::Directory directory(files / "d");
  const StoredPlan old = publish_plan(directory, plan_of_filter("cat"));
  std::filesystem::remove_all(directory.path());
  publish_plan(directory, plan_of_filter("tac"));

  const Command command = command_of(directory, old);
  io::Stats stats;
  const std::string text =
      "cannot use '" + directory.path() +
      "': its plan is gone, or another one is there: another run has joined the shards, or "
      "somebody has removed it";
  CHECK_THROWS_WITH_AS(run(command, stats), text.c_str(), base::Error);
  CHECK(!directory.read_receipt(0));
  CHECK(std::filesystem::is_empty(directory.path() + "/parts"));

  std::filesystem::remove_all(directory.path());
  publish_plan(directory, plan_of_filter("cat"));
  CHECK(run(command, stats) == base::Status::success);
  REQUIRE(directory.read_receipt(0));
  CHECK(directory.read_receipt(0)->plan == old.digest);
}

TEST_CASE("the plan of another version is refused, and what to do is said") {
  const ::Directory files;
  const shard::Directory directory(files / "d");
  const Plan plan = plan_of_filter("cat");
  publish_plan(directory, plan);
  std::string text = content(directory.plan_path());
  text.replace(text.find("plan-"), 6, "plan-1");
  write_file(directory.plan_path(), text);
  const std::string refusal =
      "cannot use '" + directory.path() +
      "': another version of mrf-run has planned its shards; remove the directory and plan again, "
      "or name another directory with --shard-dir";
  CHECK_THROWS_WITH_AS(matching_plan(directory, plan), refusal.c_str(), base::UsageError);
}

TEST_CASE("a FIFO that has a name of the run is not waited for") {
  const ::Directory files;
  const shard::Directory directory(files / "d");
  directory.make();
  directory.make_logs();
  const auto is_refused = [](const std::string& path, const auto& opens) {
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    const std::string text = "cannot open '" + path + "': a FIFO is there, and no regular file; remove it";
    CHECK_THROWS_WITH_AS(opens(), text.c_str(), base::Error);
    std::filesystem::remove(path);
  };
  is_refused(directory.plan_path(), [&] { directory.read_plan(); });
  is_refused(directory.receipt_path(3), [&] { directory.read_receipt(3); });
  is_refused(directory.lock_path(), [&] { const RunLock lock(directory); });
  is_refused(log_path(directory, 3), [&] { directory.make_logs(); });
  const Receipt receipt{"plan", 3, {}, "3-part", 1, "digest", "host", "now", 1};
  is_refused(directory.part_path("3-part"), [&] { check_parts({receipt}, directory); });
  REQUIRE(::mkfifo(log_path(directory, 3).c_str(), 0600) == 0);
  CHECK(end_of_log(directory, 3, 10).empty());
}

TEST_CASE("a directory that only a file of NFS keeps is said to stay") {
  const ::Directory files;
  const shard::Directory directory(files / "d");
  publish_plan(directory, plan_of_filter("cat"));
  write_file(directory.path() + "/.nfs0001", "");
  directory.clear();
  const std::string text = "cannot remove '" + directory.path() +
                           "': NFS keeps '.nfs0001' there, a file that a process still has open; remove the "
                           "directory when that has ended";
  CHECK_THROWS_WITH_AS(directory.remove(), text.c_str(), base::Error);
  std::filesystem::remove(directory.path() + "/.nfs0001");
  directory.remove();
  CHECK(!std::filesystem::exists(directory.path()));
}

TEST_CASE(
    "a signal that comes while a part is measured ends the process, which leaves no part and no receipt") {
  const ::Directory files;
  const shard::Directory directory(files / "d");
  Command command = command_of(directory, publish_plan(directory, plan_of_filter("cat")));
  command.run_plan = [write_part = command.run_plan](const workflow::Plan& plan, const std::string& report,
                                                     const auto& hints) {
    EngineEnd end = write_part(plan, report, hints);
    process::block_run_signals();
    ::raise(SIGTERM);
    return end;
  };
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::signal(SIGTERM, SIG_DFL);
    io::Stats stats;
    run(command, stats);
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGTERM);
  CHECK(!directory.read_receipt(0));
  CHECK(std::filesystem::is_empty(directory.path() + "/parts"));
}
