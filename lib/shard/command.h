// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "io/stats.h"
#include "shard/engine.h"
#include "shard/progress.h"
#include "shard/steps.h"
#include "workflow/failure_hints.h"
#include "workflow/plan.h"
#include "workflow/short_form.h"

namespace mrf::shard {

/// A short form whose input is cut into shards, or a step of one.
struct Command {
  StepOptions options;
  workflow::ShortForm form;          ///< of the whole; form.inputs are probed
  std::optional<StoredPlan> stored;  ///< of a step: its plan
  std::vector<std::string> words;    ///< of the command line, as the plan has them (words_of_command())
  bool keeps_directory = false;      ///< after the join
  std::string report;                ///< where the report over all shards goes; empty: nowhere
  std::chrono::milliseconds kill_after{1000};
  ProgressStyle progress = ProgressStyle::none;
  Progress::WriteEvent write_event;  ///< for ProgressStyle::json
  /// Throws Error for a command that is not there or cannot be executed on this machine.
  std::function<void(const std::vector<std::string>& words)> check_command;
  /// Runs the plan of one shard's short form and writes the report of that run, also when it fails, with the
  /// hints that fit; returns its exit status, or the signal by which this process is to end.
  std::function<EngineEnd(const workflow::Plan& plan, const std::string& report,
                          const std::vector<workflow::FailureHint>& hints)>
      run_plan;
};

/// Does what the options ask for: the whole, or one step. Returns the exit status; a signal that ended the
/// whole ends this process. Throws Error, UsageError for what shards cannot do.
base::Status run(const Command& command, io::Stats& stats);

}  // namespace mrf::shard
