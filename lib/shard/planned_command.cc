// SPDX-License-Identifier: MIT
#include "shard/planned_command.h"

#include <fmt/format.h>

#include <vector>

#include "base/error.h"
#include "io/fd.h"
#include "shard/report.h"
#include "workflow/shard_form.h"
#include "workflow/workflow.h"

namespace mrf::shard {

Input PlannedCommand::open_input(std::size_t number, io::Meter& meter) const {
  return {command.form.inputs[number],
          {workflow::shard_records(command.form, choice), workflow::shard_header(command.form, choice),
           choice.input.format == "cram", choice.input.is_alignment() && !command.form.is_permissive},
          meter};
}

void PlannedCommand::refuse_changed(const Input& opened, const Plan& plan) const {
  if (!(opened.state() == plan.input)) throw_changed(plan.input);
}

void PlannedCommand::throw_changed(const InputState& changed) const {
  throw base::DataError("read", changed.path,
                        fmt::format("it has changed since its shards were planned; remove the directory "
                                    "'{}' to plan again",
                                    directory.path()));
}

std::string PlannedCommand::way_out() const {
  return fmt::format(
      "; run it without --shards, or remove the directory '{}' and plan another number of shards",
      directory.path());
}

EngineEnd PlannedCommand::run_form(const std::string& name, const workflow::ShortForm& form,
                                   const std::string& report) const {
  return command.run_plan(
      workflow::make_plan(workflow::parse_workflow(name, workflow::workflow_text(form), {})), report,
      workflow::failure_hints(form));
}

std::string PlannedCommand::run_report_of(const Receipt& receipt) const {
  return read_file(directory.attempt_path(receipt.part)).value_or("");
}

io::OutputFile PlannedCommand::write_report(int status) const {
  const std::size_t shards = stored.plan.shards();
  const auto attempts = directory.attempts(shards);
  std::vector<ShardRecord> records(shards);
  for (std::size_t shard = 0; shard < shards; ++shard) {
    records[shard].attempts = attempts[shard].count;
    records[shard].receipt = directory.read_receipt(shard);
    if (records[shard].receipt) records[shard].run_report = run_report_of(*records[shard].receipt);
  }
  io::OutputFile file(command.report);
  io::Meter meter;
  io::write_all(file.fd(), file.name(), report_text(stored.plan, records, output(), status), meter);
  return file;
}

}  // namespace mrf::shard
