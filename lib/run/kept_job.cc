// SPDX-License-Identifier: MIT
#include "run/kept_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "codec/bgzf.h"
#include "codec/bgzf_writer.h"
#include "io/last_bytes.h"
#include "io/paths.h"
#include "io/stats.h"
#include "process/kept_failure.h"
#include "run/job_spec.h"

namespace mrf::run {

namespace {

// The FIFO that is the job's standard input, "" for none.
std::string input_fifo(const workflow::PlannedJob& job) {
  for (const auto& redirection : job.redirections) {
    if (redirection.fd == 0 && workflow::has_fifo(redirection.target)) return redirection.target.at(0).text;
  }
  return "";
}

bool keeps_last(const workflow::Plan& plan, const std::string& name) {
  const auto fifo = std::find_if(plan.fifos.begin(), plan.fifos.end(),
                                 [&name](const workflow::PlannedFifo& one) { return one.name == name; });
  if (fifo == plan.fifos.end()) return false;
  const auto& words = plan.jobs[fifo->writers.at(0)].words;
  return std::any_of(words.begin(), words.end(), [](const workflow::Word& word) {
    return word.size() == 1 && word[0].text.starts_with("--keep-last");
  });
}

std::string kept_share(const io::KeptBytes& kept, bool is_short_form) {
  if (kept.units.size() == kept.given) return "";
  return fmt::format(" on the last {} of {} bytes of its records; a larger {} keeps more", kept.units.size(),
                     kept.given, is_short_form ? "--buffer" : "--keep-last");
}

// What was kept of BAM is not in blocks.
bool is_bam(const io::KeptBytes& kept) { return kept.header.starts_with(std::string_view("BAM\1")); }

void write_bam(const io::KeptBytes& kept, io::FdRef to, const std::string& name) {
  io::Meter meter;
  const auto write = [&](std::string_view bytes) { io::write_all(to, name, bytes, meter); };
  codec::BgzfWriter blocks(1, codec::bgzf_payload, 0, 0,
                           [&](codec::BgzfWriter::Block& block) { write(block.view()); });
  for (const std::string* part : {&kept.header, &kept.units}) {
    blocks.write(0, *part);
    blocks.close(0);
  }
  write(codec::bgzf_eof);
}

// The job's command as it runs again, without what is of use in this run only.
process::LaunchSpec repeated(const workflow::Plan& plan, const Workspace& workspace, std::size_t at) {
  process::LaunchSpec spec = job_spec(plan, workspace, at);
  std::erase_if(spec.environment,
                [](const std::string& variable) { return variable.starts_with(io::stats_prefix_variable); });
  spec.environment.emplace_back(io::stats_prefix_variable);
  return spec;
}

std::vector<process::MovedFile> moved_results(const workflow::PlannedJob& job, const Workspace& workspace) {
  std::vector<process::MovedFile> moved;
  for (const auto& word : job.words) {
    for (const auto& part : word) {
      if (part.kind == workflow::WordPart::Kind::save)
        moved.push_back({workspace.result_path(part.text), io::base_of(part.text)});
    }
  }
  return moved;
}

}  // namespace

std::string keep_failed_job(const std::string& directory, const workflow::Plan& plan,
                            const Workspace& workspace, std::size_t at, const Job& job) {
  const workflow::PlannedJob& planned = plan.jobs[at];
  const std::string fifo = input_fifo(planned);
  const auto input = fifo.empty()
                         ? std::nullopt
                         : io::read_last_bytes(workspace.out_directory() + "/" + Workspace::file_name(fifo));
  if (!input || (input->given == 0 && input->header.empty()))
    return keeps_last(plan, fifo) ? "no record that it was given is kept" : "";
  std::string name = planned.name;
  if (planned.number) name += fmt::format("-{}", *planned.number);
  const process::LaunchSpec spec = repeated(plan, workspace, at);
  const auto write_input = [&](io::FdRef to, const std::string& file) {
    if (is_bam(*input)) return write_bam(*input, to, file);
    io::Meter meter;
    io::write_all(to, file, input->header, meter);
    io::write_all(to, file, input->units, meter);
  };
  const std::string place = process::keep_failure(
      directory, {name,
                  {fmt::format("{}: {}", planned.display_name(), job.outcome->describe()),
                   fmt::format("its last {} bytes of records", input->units.size())},
                  spec,
                  write_input,
                  job.standard_error ? job.standard_error->text() : "",
                  moved_results(planned, workspace)});
  return fmt::format("'{}/again.sh' runs it again{}", place, kept_share(*input, plan.file == "short form"));
}

}  // namespace mrf::run
