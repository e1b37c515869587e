// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>

#include "io/output_file.h"
#include "io/stats.h"
#include "shard/command.h"
#include "shard/directory.h"
#include "shard/engine.h"
#include "shard/input.h"
#include "shard/receipt.h"
#include "shard/steps.h"
#include "workflow/short_form.h"
#include "workflow/short_form_choice.h"

namespace mrf::shard {

/// A command, its plan and its directory: what a step is done with.
struct PlannedCommand {
  const Command& command;
  const workflow::ShortFormChoice& choice;
  const Directory& directory;
  const StoredPlan& stored;
  io::Stats& stats;

  const std::string& output() const { return command.form.outputs[0]; }
  const std::string& input() const { return command.form.inputs[0]; }
  bool has_mates() const { return command.form.inputs.size() == 2; }
  bool combines() const { return !command.form.combine.empty(); }
  bool has_mate_parts() const { return command.form.outputs.size() == 2 && !combines(); }

  /// The first input or the second. Throws as Input does.
  Input open_input(std::size_t number = 0) const { return open_input(number, stats.in); }
  Input open_input(std::size_t number, io::Meter& meter) const;

  /// Throws DataError for an input whose state is not that of the plan.
  void refuse_changed(const Input& opened, const Plan& plan) const;
  [[noreturn]] void throw_changed(const InputState& changed) const;
  /// What to do about a fault of a plan that every further run would find as well.
  std::string way_out() const;

  /// Runs a short form as a workflow of that name and writes the report of the run, unless that is empty.
  EngineEnd run_form(const std::string& name, const workflow::ShortForm& form,
                     const std::string& report) const;

  /// The report of the run that made the part of a receipt; empty when there is none. Throws SystemError.
  std::string run_report_of(const Receipt& receipt) const;
  /// The report over all shards (report.h), to be committed. Throws SystemError, DataError for what is no
  /// receipt.
  io::OutputFile write_report(int status) const;
};

}  // namespace mrf::shard
