// SPDX-License-Identifier: MIT
#include "run/report.h"

#include <sys/resource.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "base/redact.h"
#include "base/seconds.h"

namespace mrf::run {

namespace {

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::string written_as(const workflow::Word& word) {
  std::string text;
  for (const auto& piece : word) {
    if (piece.kind == workflow::Piece::Kind::in) text += "in:";
    if (piece.kind == workflow::Piece::Kind::out) text += "out:";
    if (piece.kind == workflow::Piece::Kind::save) text += "save:";
    text += piece.text;
    if (piece.ends_at_close) text += "!";
  }
  return text;
}

Json command_of(const workflow::PlannedJob& job) {
  Json words = Json::array();
  for (const auto& word : job.words) words.push_back(written_as(word));
  return words;
}

// The records that came in or went out by all FIFOs of a job that were counted; null when none was.
Json records_of(const workflow::Plan& plan, const ToolStats& tools, std::size_t job, Side side) {
  std::optional<std::uint64_t> sum;
  for (std::size_t at = 0; at < plan.fifos.size(); ++at) {
    const workflow::PlannedFifo& fifo = plan.fifos[at];
    const auto writer = std::find(fifo.writers.begin(), fifo.writers.end(), job);
    if (side == Side::reader ? fifo.reader != job : writer == fifo.writers.end()) continue;
    const auto count = side == Side::reader
                           ? tools.of_fifo(at)
                           : tools.of_writer(at, static_cast<std::size_t>(writer - fifo.writers.begin()));
    if (count) sum = sum.value_or(0) + count->records;
  }
  return sum ? Json(*sum) : Json(nullptr);
}

Json job_entry(const workflow::Plan& plan, const JobRecord& record, const ToolStats& tools, std::size_t at) {
  const workflow::PlannedJob& job = plan.jobs[at];
  Json entry{{"name", job.name}, {"number", job.number ? Json(*job.number) : Json(nullptr)}};
  entry["round"] = job.section ? Json(job.round) : Json(nullptr);
  entry["command"] = command_of(job);
  entry["status"] = record.outcome ? Json(record.outcome->status()) : Json(nullptr);
  entry["signal"] =
      record.outcome && record.outcome->signal() != 0 ? Json(record.outcome->signal()) : Json(nullptr);
  entry["wall_s"] = record.wall.count();
  entry["user_s"] = base::seconds(record.usage.ru_utime);
  entry["sys_s"] = base::seconds(record.usage.ru_stime);
  entry["max_rss_bytes"] = record.usage.ru_maxrss * 1024LL;
  entry["records_in"] = records_of(plan, tools, at, Side::reader);
  entry["records_out"] = records_of(plan, tools, at, Side::writer);
  entry["stderr"] = record.standard_error ? Json(record.standard_error->last_lines()) : Json::array();
  entry["tools"] = tools.of_job(at);
  return entry;
}

Json fifo_entry(const workflow::Plan& plan, const Supervisor& supervisor, const ToolStats& tools,
                std::size_t at) {
  const workflow::PlannedFifo& fifo = plan.fifos[at];
  const FifoSamples& samples = supervisor.fifos().samples(at);
  const auto count = tools.of_fifo(at);
  return Json{{"name", fifo.name},
              {"writer", workflow::writer_name(plan, fifo)},
              {"reader", plan.jobs[fifo.reader].display_name()},
              {"records", count ? Json(count->records) : Json(nullptr)},
              {"bytes", count ? Json(count->bytes) : Json(nullptr)},
              {"empty", share(samples.empty, samples.looks)},
              {"full", share(samples.full, samples.looks)}};
}

// What this process took so far.
Json own_entry() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return Json{{"user_s", base::seconds(usage.ru_utime)},
              {"sys_s", base::seconds(usage.ru_stime)},
              {"max_rss_bytes", usage.ru_maxrss * 1024LL}};
}

// No password and no signature of a URL, wherever it stands: in a command, a job's message, a tool's input.
void redact_all(Json& value) {
  if (value.is_string()) value = base::redact_name(value.get_ref<const std::string&>());
  if (!value.is_structured()) return;
  for (auto& member : value) redact_all(member);
}

}  // namespace

Json make_report(const workflow::Plan& plan, const Supervisor& supervisor, const ToolStats& tools,
                 int status) {
  const auto failed = supervisor.first_failure();
  const std::string bottleneck = find_bottleneck(plan, supervisor);
  Json report{{"workflow", plan.file}, {"status", status}, {"wall_s", supervisor.wall().count()}};
  report["failed"] = failed ? Json(plan.jobs[*failed].display_name()) : Json(nullptr);
  report["bottleneck"] = bottleneck.empty() ? Json(nullptr) : Json(bottleneck);
  report["results"] = status == 0 ? Json(plan.results) : Json::array();
  report["jobs"] = Json::array();
  for (std::size_t at = 0; at < plan.jobs.size(); ++at) {
    report["jobs"].push_back(job_entry(plan, supervisor.jobs()[at], tools, at));
  }
  report["fifos"] = Json::array();
  for (std::size_t at = 0; at < plan.fifos.size(); ++at) {
    report["fifos"].push_back(fifo_entry(plan, supervisor, tools, at));
  }
  report["supervisor"] = own_entry();
  redact_all(report);
  return report;
}

}  // namespace mrf::run
