// SPDX-License-Identifier: MIT
#include "shard/shard_step.h"

#include <fmt/format.h>
#include <signal.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/message.h"
#include "io/fd.h"
#include "io/output_file.h"
#include "io/paths.h"
#include "process/run_signals.h"
#include "shard/command_files.h"
#include "shard/join.h"
#include "shard/proof.h"
#include "shard/range.h"
#include "shard/range_report.h"
#include "shard/report.h"
#include "shard/shard_log.h"
#include "workflow/shard_form.h"

namespace mrf::shard {

namespace {

class ShardStep {
 public:
  explicit ShardStep(const PlannedCommand& planned) : planned_(planned) {}

  base::Status read(std::size_t at) {
    const bool is_mate = planned_.command.options.reads_mate;
    if (is_mate && !planned_.has_mates())
      throw base::UsageError("use option", "--shard-mate", "there is one INPUT");
    const Plan plan = is_mate ? plan_of_mate(planned_.stored.plan) : planned_.stored.plan;
    const Input opened = planned_.open_input(is_mate ? 1 : 0);
    planned_.refuse_changed(opened, plan);
    const bool with_header = at == 0 || workflow::has_header_in_every_shard(planned_.choice);
    const Landing landing = copy_records(plan, at, opened, with_header, io::FdRef(1),
                                         std::string(io::stdout_name), planned_.stats);
    const std::string fault = fault_of_landing(plan, at, landing);
    if (!fault.empty()) fail_of_cut(opened, fault);
    if (!planned_.command.options.landing.empty())
      io::write_output(planned_.command.options.landing, landing_text(landing));
    return base::Status::success;
  }

  base::Status run(std::size_t at) const {
    if (planned_.directory.read_receipt(at)) {
      base::note(fmt::format("shard {} has a receipt already", at));
      return base::Status::success;
    }
    Receipt receipt;
    receipt.plan = planned_.stored.digest;
    receipt.shard = at;
    receipt.part =
        unique_part(at, "-" + io::base_of(planned_.output()) + (planned_.combines() ? ".part" : ""));
    if (planned_.has_mate_parts())
      receipt.mate_part = unique_part(at, "-2-" + io::base_of(planned_.command.form.outputs[1]));
    receipt.host = host_name();
    receipt.started = time_now();
    receipt.files = command_files(planned_.command.form.command);
    planned_.directory.begin_attempt(receipt.part);
    try {
      return make_part(at, receipt);
    } catch (const base::Error& error) {
      leave_status(receipt.part, static_cast<int>(error.status()));
      throw;
    }
  }

 private:
  // Runs the shard, and publishes its part and its receipt.
  base::Status make_part(std::size_t at, Receipt& receipt) const {
    const auto start = std::chrono::steady_clock::now();
    std::optional<Input> opened;
    if (reads_range()) planned_.refuse_changed(opened.emplace(planned_.open_input()), planned_.stored.plan);
    const EngineEnd end = run_parts(at, receipt, opened);
    const auto report = opened ? take_range_report(planned_.directory, receipt.part) : std::nullopt;
    if (end.signal == SIGUSR1)
      base::say(fmt::format(
          "cannot finish 'shard {}': USR1 has ended it, which Slurm sends in front of a time limit", at));
    if (end.signal != 0) process::die_of(end.signal);
    if (end.status != 0) {
      if (report && !report->end) refuse_cut(at, *opened);
      say_numbers_of_shard(at);
      const bool is_bad = end.status == static_cast<int>(base::Status::bad_data);
      base::say(fmt::format("cannot finish 'shard {}': its command has failed{}", at,
                            is_bad ? bad_data_note : again_note));
      return static_cast<base::Status>(end.status);
    }
    receipt.landing = opened ? landing_of_range(*opened, report) : take_landing(receipt.part, 0);
    if (planned_.has_mates()) receipt.mate = take_landing(receipt.part, 1);
    std::string fault = fault_of_landing(planned_.stored.plan, at, receipt.landing);
    if (fault.empty()) fault = fault_of_mates(planned_.stored.plan, at, receipt);
    if (!fault.empty()) throw base::DataError("read", planned_.input(), fault + planned_.way_out());
    receipt.records_out =
        records_written(planned_.run_report_of(receipt), planned_.directory.part_path(receipt.part));
    receipt.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (const int signal = measure_part(planned_.directory, receipt, process::pending_run_signal);
        signal != 0) {
      remove_parts(planned_.directory, receipt);
      process::die_of(signal);
    }
    publish_part(planned_.directory, receipt, planned_.choice.order == "any");  // as it is with --combine
    return base::Status::success;
  }

  // Puts the status of this process into the report of the attempt, for engines that do not tell it: the run
  // has ended with 0, or has not begun. Where it cannot be written, the status is unknown.
  void leave_status(const std::string& part, int status) const {
    try {
      if (!has_plan(planned_.directory, planned_.stored.digest)) return;
      const std::string path = planned_.directory.attempt_path(part);
      io::write_output(path, report_with_status(read_file(path).value_or(""), status));
    } catch (const base::Error&) {
    }
  }

  // Says from which record the numbers count in the messages of a shard's programs.
  void say_numbers_of_shard(std::size_t shard) const {
    if (shard == 0) return;
    std::uint64_t records = 0;
    std::size_t before = 0;
    for (; before < shard; ++before) {
      const auto receipt = planned_.directory.read_receipt(before);
      if (!receipt) break;
      records += receipt->landing.records_in;
    }
    base::warn(before < shard ? std::string(counting_note)
                              : fmt::format("records and lines of 'shard {}' are counted from its first one, "
                                            "which is record {} of '{}'",
                                            shard, records + 1, planned_.input()));
  }

  static std::string landing_of(const std::string& part, std::size_t input) {
    return fmt::format("{}.landing{}", part, input);
  }

  Landing take_landing(const std::string& part, std::size_t input) const {
    const std::string path = planned_.directory.part_path(landing_of(part, input));
    const Landing landing = parse_landing(read_file(path).value_or(""), path);
    planned_.directory.remove_part(landing_of(part, input));
    return landing;
  }

  // A BAM in BGZF is read by mrf-bamread itself, if that is to read it anyway.
  bool reads_range() const {
    return planned_.choice.reads_alignments && planned_.choice.input.format == "bam" &&
           planned_.stored.plan.input.storage == Storage::bgzf;
  }

  static Landing landing_of_range(const Input& opened, const std::optional<RangeReport>& report) {
    if (!report || !report->end)
      throw base::Error(base::Status::failure, "read", opened.name(),
                        "mrf-bamread does not say what it read");
    opened.refuse_other(report->file);
    return {report->begin, *report->end, report->records};
  }

  [[noreturn]] void fail_of_cut(const Input& opened, const std::string& fault) const {
    throw base::DataError("read", opened.name(), fault + planned_.way_out());
  }

  // Where the records go that do not arrive at the next cut.
  void refuse_cut(std::size_t at, const Input& opened) const {
    try {
      const std::string fault =
          fault_of_landing(planned_.stored.plan, at, find_landing(planned_.stored.plan, at, opened));
      if (!fault.empty()) fail_of_cut(opened, fault);
    } catch (const base::DataError& error) {
      base::say(error.what());
    }
  }

  EngineEnd run_parts(std::size_t at, const Receipt& receipt, const std::optional<Input>& opened) const {
    std::vector<std::vector<std::string>> readers;
    for (std::size_t input = 0; input < planned_.command.form.inputs.size() && !opened; ++input) {
      readers.push_back({"mrf-run", "--shard-read", std::to_string(at), "--shard-dir",
                         planned_.directory.path(), "--shard-landing",
                         "save:" + planned_.directory.part_path(landing_of(receipt.part, input))});
      if (input == 1) readers.back().emplace_back("--shard-mate");
    }
    std::vector<std::string> parts{planned_.directory.part_path(receipt.part)};
    if (!receipt.mate_part.empty()) parts.push_back(planned_.directory.part_path(receipt.mate_part));
    auto form = workflow::form_of_shard(planned_.command.form, planned_.choice, at, readers, parts);
    if (opened) {
      const ShardRange range = range_of(planned_.stored.plan, at, *opened);
      form.range = range_text(range.start, range.end);
      form.range_report = planned_.directory.part_path(range_report_of(receipt.part));
    }
    return planned_.run_form(fmt::format("shard {}", at), form,
                             planned_.directory.attempt_path(receipt.part));
  }

  const PlannedCommand& planned_;
};

}  // namespace

base::Status read_shard(const PlannedCommand& planned, std::size_t at) { return ShardStep(planned).read(at); }

base::Status run_shard(const PlannedCommand& planned, std::size_t at) { return ShardStep(planned).run(at); }

}  // namespace mrf::shard
