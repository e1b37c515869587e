// SPDX-License-Identifier: MIT
#include "shard/join_step.h"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/message.h"
#include "io/fd.h"
#include "io/index_file.h"
#include "io/output_file.h"
#include "process/run_signals.h"
#include "shard/join.h"
#include "shard/joined_index.h"
#include "shard/run_lock.h"
#include "workflow/shard_form.h"
#include "workflow/stream_kind.h"

namespace mrf::shard {

namespace {

class JoinStep {
 public:
  explicit JoinStep(const PlannedCommand& planned) : planned_(planned) {}

  base::Status join() {
    auto held = std::make_unique<RunLock>(planned_.directory);
    for (const InputState* input :
         {&planned_.stored.plan.input, planned_.stored.plan.mate ? &*planned_.stored.plan.mate : nullptr}) {
      if (input != nullptr && has_changed(*input)) planned_.throw_changed(*input);
    }
    const auto receipts = read_receipts(planned_.stored.plan, planned_.stored.digest, planned_.directory);
    const EngineEnd end = planned_.combines() ? combine(receipts) : EngineEnd{0, join_parts(receipts)};
    if (end.signal != 0) process::die_of(end.signal);
    if (end.status == 0) tidy_up(receipts, std::move(held));
    return static_cast<base::Status>(end.status);
  }

 private:
  // The signal that has ended it; 0 none.
  int join_parts(const std::vector<Receipt>& receipts) {
    const bool is_gzip = planned_.choice.output.is_gzip || planned_.choice.output.format == "sam.gz";
    const bool is_sam =
        planned_.choice.output.is_alignment() && planned_.choice.output.format.starts_with("sam");
    const auto form = planned_.choice.output.format == "bam" ? PartForm::bam
                      : is_sam                               ? (is_gzip ? PartForm::sam_bgzf : PartForm::sam)
                      : is_gzip                              ? PartForm::bgzf
                                                             : PartForm::plain;
    io::OutputFile joined(planned_.output());
    write_parts(receipts, planned_.directory, form, joined,
                planned_.command.form.omits_header                         ? HeaderRule::omitted
                : workflow::takes_headers_for_lines(planned_.command.form) ? HeaderRule::lines
                                                                           : HeaderRule::once);
    std::vector<io::OutputFile*> files{&joined};
    std::optional<io::OutputFile> mates;
    if (planned_.command.form.outputs.size() == 2) files.push_back(&mates.emplace(join_mates(receipts)));
    std::optional<io::OutputFile> index;
    if (planned_.command.form.writes_index) {
      const JoinedIndex wanted{planned_.output(), planned_.choice.writer_threads,
                               planned_.command.kill_after};
      if (const int signal = write_joined_index(wanted, planned_.directory, joined, index); signal != 0)
        return signal;
      files.push_back(&*index);
    }
    std::optional<io::OutputFile> report;
    if (!planned_.command.report.empty()) files.push_back(&report.emplace(planned_.write_report(0)));
    io::commit_together(files);
    if (planned_.command.form.writes_index) io::warn_of_old_index(planned_.output(), io::IndexOf::bam);
    return 0;
  }

  // The run of the command publishes OUTPUT, and its index.
  EngineEnd combine(const std::vector<Receipt>& receipts) {
    check_parts(receipts, planned_.directory);
    std::vector<std::string> parts;
    parts.reserve(receipts.size());
    for (const Receipt& receipt : receipts) parts.push_back(planned_.directory.part_path(receipt.part));
    const auto form =
        workflow::form_of_combination(planned_.command.form, planned_.choice, parts, header_reader());
    std::optional<io::OutputFile> report;
    if (!planned_.command.report.empty()) report.emplace(planned_.write_report(0));
    const EngineEnd end = planned_.run_form("join", form, "");
    if (end.signal != 0 || end.status != 0) return end;
    if (report) report->commit();
    return {};
  }

  // The header of a text, in a file that tidy_up() removes as a part.
  std::vector<std::string> header_reader() {
    if (planned_.choice.header != workflow::HeaderPolicy::around) return {};
    const Input opened = planned_.open_input();
    planned_.refuse_changed(opened, planned_.stored.plan);
    if (planned_.choice.input.is_alignment()) return {};
    const std::string path = planned_.directory.part_path(unique_part(0, ".header"));
    io::write_output(path, opened.header());
    return {"cat", path};
  }

  io::OutputFile join_mates(const std::vector<Receipt>& receipts) const {
    std::vector<Receipt> of_mates;
    of_mates.reserve(receipts.size());
    for (const Receipt& receipt : receipts) of_mates.push_back(receipt_of_mate(receipt));
    const std::string& path = planned_.command.form.outputs[1];
    io::OutputFile joined(path);
    const bool is_gzip = workflow::kind_of(path).is_gzip;
    write_parts(of_mates, planned_.directory, is_gzip ? PartForm::bgzf : PartForm::plain, joined,
                HeaderRule::lines);
    return joined;
  }

  // A directory that stays is no failure: the output is there.
  void tidy_up(const std::vector<Receipt>& receipts, std::unique_ptr<RunLock> held) const {
    try {
      planned_.directory.remove_other_parts(receipts);
      if (planned_.command.keeps_directory) return;
      planned_.directory.clear();
      held.reset();
      planned_.directory.remove();
    } catch (const base::Error& error) {
      base::warn(error.what());
    }
  }

  const PlannedCommand& planned_;
};

}  // namespace

base::Status join_shards(const PlannedCommand& planned) { return JoinStep(planned).join(); }

}  // namespace mrf::shard
