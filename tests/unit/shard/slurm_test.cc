// SPDX-License-Identifier: MIT
#include "shard/slurm.h"

#include <doctest/doctest.h>

#include <numeric>
#include <string>
#include <vector>

#include "base/error.h"

namespace {

using namespace mrf::shard;
using Words = std::vector<std::string>;

std::vector<std::size_t> all_shards(std::size_t count) {
  std::vector<std::size_t> shards(count);
  std::iota(shards.begin(), shards.end(), 0);
  return shards;
}

SlurmScript a_script(std::size_t shards, std::size_t group) {
  return {"mrf-out.bam-0123",
          "/data/d",
          "/usr/bin/mrf-run",
          {"-p", "long"},
          slurm_arrays(all_shards(shards), group),
          group,
          {"mrf-run", "--shard-join", "--shard-dir", "/data/d"}};
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("an array has no task number that MaxArraySize forbids") {
  const std::vector<std::pair<std::uint64_t, std::size_t>> groups{
      {1, 1}, {9, 1}, {10, 10}, {11, 10}, {100, 100}, {1001, 1000}, {4000001, 1000}};
  for (const auto& [size, group] : groups) CHECK(slurm_group(size) == group);
  const auto arrays = slurm_arrays(all_shards(40), slurm_group(11));
  REQUIRE(arrays.size() == 4);
  CHECK(arrays[3].first == 30);
  CHECK(slurm_task_list(arrays[3]) == "0-9");
  CHECK(slurm_arrays({}, 10).empty());
}

TEST_CASE("an array of the shards that are missing") {
  const auto arrays = slurm_arrays({3, 10, 12, 13, 14, 19, 35}, 10);
  REQUIRE(arrays.size() == 3);
  CHECK(slurm_task_list(arrays[0]) == "3");
  CHECK(slurm_task_list(arrays[1]) == "0,2-4,9");
  CHECK(arrays[2].first == 30);
  CHECK(slurm_task_list(arrays[2]) == "5");
}

TEST_CASE("a log's name is the number of its shard") {
  CHECK(slurm_log_pattern("/d", 0, 10) == "/d/logs/%a.log");
  CHECK(slurm_log_pattern("/d", 30, 10) == "/d/logs/3%1a.log");
  CHECK(slurm_log_pattern("/d", 12000, 1000) == "/d/logs/12%3a.log");
  CHECK(slurm_log_pattern("/d", 7, 1) == "/d/logs/7.log");
  CHECK(slurm_log_pattern("/50%a", 0, 10) == "/50%%a/logs/%a.log");
}

TEST_CASE("a name of jobs, by output and run") {
  const std::string name = slurm_job_name("a b|c.bam", "x");
  CHECK(name.starts_with("mrf-a_b_c.bam-"));
  CHECK(name != slurm_job_name("a b|c.bam", "y"));
  CHECK(name == slurm_job_name("a b|c.bam", "x"));
}

TEST_CASE("the script of one array needs no argument") {
  const std::string text = slurm_script_text(a_script(5, 10));
  CHECK(
      text.starts_with("#!/bin/bash\n# Shards of mrf-run(1) in /data/d\n#SBATCH "
                       "--job-name=mrf-out.bam-0123-0\n#SBATCH --array=0-4\n"
                       "#SBATCH --output=/data/d/logs/%a.log\n#SBATCH --open-mode=append\n#SBATCH --requeue\n"
                       "#SBATCH --signal=B:USR1@10\n#SBATCH -p long\n"));
  CHECK(text.ends_with("exec /usr/bin/mrf-run --shard-run \"$shard\" --shard-dir /data/d\n"));
  auto script = a_script(1, 10);
  script.arrays = {{30, {35}}};
  CHECK(has(slurm_script_text(script), "shard=$((${1:-30} + SLURM_ARRAY_TASK_ID))\n"));
  script.directory = "/it's here";
  CHECK(has(slurm_script_text(script), R"(--shard-dir '/it'\''s here')"));
  CHECK(has(slurm_script_text(script), "\n#SBATCH --output='/it'\\''s here/logs/3%1a.log'\n"));
  CHECK(!has(slurm_script_text(script), "exec >>"));
  script.directory = "/a\\b";
  CHECK(has(slurm_script_text(script), "\n#SBATCH --output=/dev/null\n"));
  CHECK(has(slurm_script_text(script), "\nexec >>'/a\\b'/logs/\"$shard\".log 2>&1\n"));
  script.directory = "/a\nb";
  CHECK_THROWS_AS(slurm_script_text(script), mrf::base::UsageError);
}

TEST_CASE("the script of several arrays says how each is submitted") {
  const std::string text = slurm_script_text(a_script(25, 10));
  CHECK_FALSE(has(text, "#SBATCH --array"));
  CHECK(has(text,
            "#   sbatch -p long --open-mode=append --job-name=mrf-out.bam-0123-20 --array=0-4 "
            "--output=/data/d/logs/2%1a.log "
            "SCRIPT 20\n"));
}

TEST_CASE("the words of sbatch: what mrf-run relies on comes last") {
  const auto script = a_script(25, 10);
  CHECK(sbatch_words(script, script.arrays[1], "/data/d/slurm.sh") ==
        Words{"sbatch", "-p", "long", "--parsable", "--open-mode=append", "--job-name=mrf-out.bam-0123-10",
              "--array=0-9", "--output=/data/d/logs/1%1a.log", "/data/d/slurm.sh", "10"});
  for (const char* word : {"--arr=1", "--outp", "--test", "--array=1", "-a1", "-a", "--output", "-ofile",
                           "--job-name=x", "--wrap=x", "-W", "-Mall"})
    CHECK(foreign_engine_argument({"-p", "long", word}) == word);
  CHECK(foreign_engine_argument(
            {"-p", "long", "--time=60", "-A", "account", "--signal=B:USR1@60", "--wait-all-nodes=1", "--"})
            .empty());
}

TEST_CASE("tasks in the queue") {
  const std::string name = "mrf-out.bam-0123";
  const auto tasks = parse_queue(
      "CLUSTER: one\n"
      "5|2|CANCELLED|None|15|mrf-out.bam-0123-30|\n"
      "5|3|RUNNING  |None|0|mrf-out.bam-0123-30|\n"
      "6|0|FAILED|NonZeroExitCode|2304|mrf-out.bam-0123-0|\n"
      "7|N/A|RUNNING|None|0|mrf-out.bam-0123-0|\n"
      "8|1|RUNNING|None|0|mrf-out.bam-01234-0|\n"
      "8|1|RUNNING|None|0|mrf-out.bam-0123-x|\n"
      "9|1|PENDING|launch failed requeued held|0|mrf-out.bam-0123-0|\n"
      "9|2|COMPLETING|None|0|mrf-out.bam-0123-0|",
      name);
  REQUIRE(tasks.size() == 5);
  using Life = SlurmTask::Life;
  CHECK(tasks[0].array == "5");
  CHECK(tasks[0].shard == 32);
  CHECK(tasks[0].life == Life::over);
  CHECK(tasks[0].status == 143);
  CHECK(tasks[1].life == Life::running);
  CHECK(tasks[2].shard == 0);
  CHECK(tasks[2].status == 9);
  CHECK(tasks[3].life == Life::waiting);
  CHECK(is_held(tasks[3].reason));
  CHECK_FALSE(is_held(tasks[1].reason));
  // As Slurm 24 writes them.
  const auto later = parse_queue(
      "5|2|CANCELLED|None|0:15|mrf-out.bam-0123-0|\n"
      "6|0|FAILED|NonZeroExitCode|9:0|mrf-out.bam-0123-0|\n"
      "6|1|COMPLETED|None|0:0|mrf-out.bam-0123-0|",
      name);
  REQUIRE(later.size() == 3);
  CHECK(later[0].status == 143);
  CHECK(later[1].status == 9);
  CHECK(later[2].status == 0);
  CHECK(tasks[4].life == Life::ending);
  CHECK(is_fault_of_slurm("NODE_FAIL"));
  CHECK_FALSE(is_fault_of_slurm("TIMEOUT"));
}

TEST_CASE("what Slurm answers besides") {
  CHECK(parse_max_array_size("MaxArraySize            = 1001\nMaxJobCount = 10000\n") == 1001);
  CHECK(parse_max_array_size("MaxDBDMsgs = 1\nMaxArraySize=11\n") == 11);
  CHECK_FALSE(parse_max_array_size("slurm_load_ctl_conf error\n"));
  CHECK(parse_job_id("12\n") == "12");
  CHECK(parse_job_id("a plugin's greeting\n345;cluster\n") == "345");
  CHECK(parse_job_id("").empty());
  CHECK(is_refused_for_good("sbatch: error: Batch job submission failed: Invalid partition name specified"));
  CHECK(
      is_refused_for_good("sbatch: error: Batch job submission failed: Invalid account or account/partition "
                          "combination specified"));
  CHECK_FALSE(is_refused_for_good(
      "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation"));
}

TEST_CASE("slurm: a task whose script was lost has not begun") {
  using mrf::shard::has_lost_script;
  CHECK(has_lost_script(
      "slurmstepd-n1: error: execve(): /spool.n1/job00290/slurm_script: No such file or directory\n"
      "slurmstepd-n1: error: unlink(/spool.n1/job00290/slurm_script): No such file or directory\n"));
  for (const char* other : {"", "bash: /x/slurm_script: No such file or directory\n",
                            "slurmstepd: error: execve(): /home/u/filter: No such file or directory\n",
                            "slurmstepd: error: execve(): /spool/slurm_script: Permission denied\n"}) {
    CHECK_FALSE(has_lost_script(other));
  }
}
