// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mrf::shard {

// What mrf-run and the commands of Slurm say to each other. All of it is text; nothing here starts anything.

/// Shards that are one job array. Task I of the array runs shard first + I.
struct SlurmArray {
  std::size_t first = 0;
  std::vector<std::size_t> shards;  ///< in order, from `first` on
};

/// The batch script of a run, which is that of each of its arrays.
struct SlurmScript {
  std::string name;                      ///< slurm_job_name()
  std::string directory;                 ///< of the shards, absolute
  std::string program;                   ///< mrf-run
  std::vector<std::string> engine_args;  ///< words for sbatch
  std::vector<SlurmArray> arrays;
  std::size_t group = 1;            ///< slurm_group()
  std::vector<std::string> join{};  ///< the words that join the parts
};

/// Seconds between USR1 and the end of a task's time limit.
inline constexpr int slurm_warning_seconds = 10;

/// How many shards are numbered by the tasks of one array: a power of ten, such that a log's name ends with
/// the digits of the task. `max_array_size` is Slurm's MaxArraySize, one more than the largest number of a
/// task (slurm.conf(5)).
std::size_t slurm_group(std::uint64_t max_array_size);
/// The arrays for these shards, which are in order: one for each group that has any.
std::vector<SlurmArray> slurm_arrays(const std::vector<std::size_t>& shards, std::size_t group);

/// The numbers of an array's tasks, as --array of sbatch(1) takes them: "0-4,7".
std::string slurm_task_list(const SlurmArray& array);
/// --output of sbatch(1) for an array: the log of each shard.
std::string slurm_log_pattern(const std::string& directory, std::size_t first, std::size_t group);
/// The name that all arrays of a run have, whoever submitted them: `output` is the name of the output.
/// `identity` is a text that no other run has.
std::string slurm_job_name(std::string_view output, std::string_view identity);
/// How the second line of every script begins.
inline constexpr std::string_view slurm_script_mark = "# Shards of mrf-run(1)";
/// Whether Slurm can write logs in this directory. In the name of a log it does not take a backslash for
/// itself (sbatch(1), filename pattern); then the script opens the log.
bool is_place_for_slurm(const std::string& directory);
/// The whole script. Throws UsageError for a name with a newline.
std::string slurm_script_text(const SlurmScript& script);

/// The words of sbatch(1) that submit one array of a script in `file`. The last one of two options counts:
/// engine_args come behind what the script says, and in front of what mrf-run relies on.
std::vector<std::string> sbatch_words(const SlurmScript& script, const SlurmArray& array,
                                      const std::string& file);
/// The word of `engine_args` that would take from mrf-run what it relies on; empty when there is none.
std::string foreign_engine_argument(const std::vector<std::string>& engine_args);

/// The words of squeue(1) that list all tasks of user `user`, those that have ended lately among them.
std::vector<std::string> squeue_words(unsigned user);

/// A task as squeue(1) lists it.
struct SlurmTask {
  enum class Life { waiting, running, ending, over };
  std::string array;  ///< the job id of the array
  std::size_t shard = 0;
  Life life = Life::waiting;
  std::string state;   ///< squeue(1), JOB STATE CODES, the long form
  std::string reason;  ///< why it waits
  int status = 0;      ///< how it ended, as in sh(1)
};
/// The tasks of the jobs that are called `name`, in the output of squeue_words(). Lines that are anything
/// else are passed over.
std::vector<SlurmTask> parse_queue(std::string_view text, const std::string& name);
/// From the output of `scontrol show config`; nothing when it is not there.
std::optional<std::uint64_t> parse_max_array_size(std::string_view text);
/// The job id in what sbatch --parsable wrote; empty when there is none.
std::string parse_job_id(std::string_view text);

/// Whether a task that ended so says nothing about the command: another one takes its place without being
/// counted.
bool is_fault_of_slurm(const std::string& state);
/// Whether sbatch(1), after this message, would refuse the same words again.
bool is_refused_for_good(std::string_view reason);
/// Whether slurmstepd(8) has said at the end of a task's log that it could not begin, since its script was
/// gone from slurmd's spool directory, as when the controller restarts or jobs are cancelled meanwhile.
bool has_lost_script(std::string_view end_of_log);
/// Whether a task that waits for this reason waits until somebody does something.
bool is_held(const std::string& reason);

}  // namespace mrf::shard
