// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "workflow/workflow.h"

namespace mrf::workflow {

/// A job as it will be started. Its words consist of text and of in, out and save parts.
struct PlannedJob {
  std::string name;                    ///< as in the workflow
  std::optional<int> number;           ///< counts from 0 in a job array
  std::optional<std::size_t> section;  ///< the one of Plan::sections that it is in
  int round = 0;                       ///< of that section, from 0
  int line = 0;
  std::set<int> ok_statuses{0};  ///< exit statuses that are success
  int count = 1;                 ///< jobs in the array that it is one of
  std::vector<Word> words;
  std::vector<Redirection> redirections;
  std::vector<Word> environment{};    ///< "NAME=VALUE" each
  std::vector<std::size_t> reads{};   ///< the FIFOs that it reads, as indices into Plan::fifos
  std::vector<std::size_t> writes{};  ///< those that it writes

  /// "join", "work[3]", or "read@2" in round 2 of a section.
  std::string display_name() const;
  /// The same without the round.
  std::string name_in_round() const;
};

/// A FIFO and the jobs at its ends, as indices into Plan::jobs.
struct PlannedFifo {
  std::string name;                  ///< "header", "part[3]", or "sam@2" between jobs of round 2 of a section
  std::vector<std::size_t> writers;  ///< one; of a section whose reader is outside, one of each round
  std::size_t reader = 0;
  /// Its end is the writer's close: written out:NAME!, or the --header-to of a tool of the project.
  bool ends_at_close = false;
};

/// The jobs of each round of a section. A round starts when all jobs of the one before have succeeded, or, of
/// rounds side by side, when one of them is over.
using Rounds = std::vector<std::vector<std::size_t>>;

/// A workflow whose names are resolved and whose graph has been checked. Nothing has been started.
struct Plan {
  std::string file;
  std::vector<PlannedJob> jobs;
  std::vector<PlannedFifo> fifos;
  std::vector<Rounds> sections;
  std::vector<std::size_t> rounds_at_a_time;  ///< of each section, at least 1
  std::vector<std::string> results;           ///< the paths of save:, in the order of the text
  std::vector<std::string>
      outputs;  ///< of a short form: where what the filter writes goes, "-" standard output
};

/// Whether the job writes a side table into the FIFO: only its environment names that, or the --side of
/// mrf-chunks.
bool is_side_table(const PlannedJob& job, const std::string& fifo);

/// The name of a FIFO's file in its directory: "part.3" for "part[3]".
std::string fifo_file_name(const std::string& fifo);

/// The display name of a FIFO's writer; of several, without their rounds.
std::string writer_name(const Plan& plan, const PlannedFifo& fifo);

/// Puts in the variables and numbers, and checks that every FIFO has one writer and one reader, that
/// job names and results are unique and that the graph has no cycle. Throws WorkflowError.
Plan make_plan(const Workflow& workflow);

/// The files, URLs and devices that a job reads, as far as its words show it: what its standard input is
/// redirected from, and the inputs in the options of a program of the project. For pictures of the plan.
std::vector<std::string> inputs_of(const PlannedJob& job);

/// A command as messages name it: its first word, and the second when it looks like a command of the first,
/// as in "samtools cat".
std::string command_name(const std::vector<std::string>& words);
/// The same of a job.
std::string command_name(const PlannedJob& job);

/// The results that a job writes.
std::vector<std::string> results_of(const PlannedJob& job);

/// Whether nothing is cut off when SIGPIPE ends the job, since the reader of what it writes has read enough:
/// it writes one FIFO, beside those whose end is its close, and no result, but for its standard error.
bool writes_one_stream(const Plan& plan, std::size_t job);

/// Whether the job is mrf-collect --spool, whose output is read only once.
bool spools(const PlannedJob& job);

/// Whether what the job writes is lost when its readers do not read it: the records of mrf-distribute, and
/// what mrf-collect --spool has held.
bool writes_records(const PlannedJob& job);

/// Tells the plan the -o of its short form: results that are `outputs` stand before those beside them.
void set_outputs(Plan& plan, const std::vector<std::string>& outputs);

/// The results that a job's >> appends to.
std::vector<std::string> appended_results(const Plan& plan);

}  // namespace mrf::workflow
