// SPDX-License-Identifier: MIT
#include "shard/steps.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "process/run_signals.h"
#include "shard/command.h"
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
  command.run_plan = [&directory](const workflow::Plan&, const std::string& report) {
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
  const std::string text = "cannot finish 'shard 0': '" + directory.plan_path() +
                           "' is no longer the plan it was run for; run the shard again";
  CHECK_THROWS_WITH_AS(run(command, stats), text.c_str(), base::Error);
  CHECK(!directory.read_receipt(0));
  CHECK(std::filesystem::is_empty(directory.path() + "/parts"));

  std::filesystem::remove_all(directory.path());
  publish_plan(directory, plan_of_filter("cat"));
  CHECK(run(command, stats) == base::Status::success);
  REQUIRE(directory.read_receipt(0));
  CHECK(directory.read_receipt(0)->plan == old.digest);
}

TEST_CASE(
    "a signal that comes while a part is measured ends the process, which leaves no part and no receipt") {
  const ::Directory files;
  const shard::Directory directory(files / "d");
  Command command = command_of(directory, publish_plan(directory, plan_of_filter("cat")));
  command.run_plan = [write_part = command.run_plan](const workflow::Plan& plan, const std::string& report) {
    EngineEnd end = write_part(plan, report);
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
