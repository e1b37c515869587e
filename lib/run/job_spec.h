// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "process/launch.h"
#include "process/outcome.h"
#include "run/workspace.h"
#include "workflow/plan.h"
#include "workflow/short_form.h"

namespace mrf::run {

/// A word with the paths of its FIFOs and results put in.
std::string resolve_word(const workflow::Word& word, const Workspace& workspace);

/// What to start for a job of the plan.
process::LaunchSpec job_spec(const workflow::Plan& plan, const Workspace& workspace, std::size_t job);

/// The prefix of the files in which a job's tools leave their statistics.
std::string stats_prefix(const Workspace& workspace, std::size_t job);

/// The file in which a job leaves its return value.
std::string result_path(const Workspace& workspace, std::size_t job);

/// Why a job could not be started, as a message.
std::string describe_start_failure(const process::LaunchSpec& spec, const process::StartFailure& failure);

/// Whether a word names a command that could be executed.
bool is_command(const std::string& word);

/// Throws the Error that a job's command would give which is not there, or cannot be executed.
void check_command(const process::LaunchSpec& spec);

/// Checks that what the first jobs execute and are redirected to is there, that the results, the report, what
/// is kept of failures (empty: none) and the FIFOs can be made where they are to be. Starts nothing, makes
/// nothing. Throws Error with the status that the run would end with.
void check_plan(const workflow::Plan& plan, const std::string& report, const std::string& keep_failed);

/// The same for the files that a short form reads. Throws SystemError.
void check_inputs(const workflow::ShortForm& form);

/// Throws UsageError when a word of the filter is an open pipe or an existing FIFO and the filter runs more
/// than once with the order `order`: each run would read a part of it. A word that has a number of the copy
/// put in is not looked at.
void refuse_shared_pipes(const workflow::ShortForm& form, const std::string& order);
/// The same for all words of a command that runs more than once; `command` says which, as "the filter".
void refuse_shared_pipes(const std::vector<std::string>& words, std::string_view command);

}  // namespace mrf::run
