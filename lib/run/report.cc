// SPDX-License-Identifier: MIT
#include "run/report.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "base/amounts.h"
#include "base/processors.h"
#include "base/redact.h"

namespace mrf::run {

namespace {

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

Json command_of(const workflow::PlannedJob& job) {
  Json words = Json::array();
  for (const auto& word : job.words) words.push_back(workflow::text_of(word));
  return words;
}

// The records that came in or went out by all FIFOs of a job that were counted; null when none was.
Json records_of(const workflow::Plan& plan, const ToolStats& tools, std::size_t job, Side side) {
  std::optional<std::uint64_t> sum;
  for (const std::size_t fifo : side == Side::reader ? plan.jobs[job].reads : plan.jobs[job].writes) {
    if (workflow::is_side_table(plan.jobs[job], plan.fifos[fifo].name)) continue;
    const auto count = side == Side::reader ? tools.of_fifo(fifo) : tools.of_writer(fifo, job);
    if (count) sum = sum.value_or(0) + count->records;
  }
  return sum ? Json(*sum) : Json(nullptr);
}

Json planned_entry(const workflow::PlannedJob& job) {
  Json entry{{"name", job.name}, {"number", job.number ? Json(*job.number) : Json(nullptr)}};
  entry["round"] = job.section ? Json(job.round) : Json(nullptr);
  entry["command"] = command_of(job);
  entry["inputs"] = workflow::inputs_of(job);
  entry["results"] = workflow::results_of(job);
  return entry;
}

Json planned_entry(const workflow::Plan& plan, const workflow::PlannedFifo& fifo) {
  return Json{{"name", fifo.name},
              {"writer", workflow::writer_name(plan, fifo)},
              {"reader", plan.jobs[fifo.reader].display_name()},
              {"side", workflow::is_side_table(plan.jobs[fifo.writers[0]], fifo.name)}};
}

Json job_entry(const workflow::Plan& plan, const Job& record, const ToolStats& tools, std::size_t at,
               const Json& busy) {
  Json entry = planned_entry(plan.jobs[at]);
  entry["status"] = record.outcome ? Json(record.outcome->status()) : Json(nullptr);
  entry["signal"] =
      record.outcome && record.outcome->signal() != 0 ? Json(record.outcome->signal()) : Json(nullptr);
  entry["wall_s"] = record.wall.count();
  entry["user_s"] = base::seconds(record.usage.ru_utime);
  entry["sys_s"] = base::seconds(record.usage.ru_stime);
  entry["max_rss_bytes"] = record.usage.ru_maxrss * 1024LL;
  entry["threads"] = record.threads > 0 ? Json(record.threads) : Json(nullptr);
  entry["busy"] = busy;
  entry["records_in"] = records_of(plan, tools, at, Side::reader);
  entry["records_out"] = records_of(plan, tools, at, Side::writer);
  entry["result"] = tools.result_of(at);
  entry["stderr"] = record.standard_error ? Json(record.standard_error->last_lines()) : Json::array();
  entry["tools"] = tools.of_job(at);
  return entry;
}

Json fifo_entry(const workflow::Plan& plan, const Supervisor& supervisor, const ToolStats& tools,
                std::size_t at) {
  const workflow::PlannedFifo& fifo = plan.fifos[at];
  const FifoSamples& samples = supervisor.fifos().samples(at);
  const auto count = tools.of_fifo(at);
  Json entry = planned_entry(plan, fifo);
  entry["records"] = count ? Json(count->records) : Json(nullptr);
  entry["bytes"] = count ? Json(count->bytes) : Json(nullptr);
  entry["empty"] = share(samples.empty, samples.taken);
  entry["full"] = share(samples.full, samples.taken);
  return entry;
}

// The curve as columns, each an array with a number for each point: an object for each point would make a
// report of thousands of lines.
Json throughput_entry(const Supervisor& supervisor) {
  Json entry{{"bytes_total", supervisor.input_total() ? Json(*supervisor.input_total()) : Json(nullptr)}};
  for (const char* column : {"at_s", "bytes", "records"}) entry[column] = Json::array();
  for (const Throughput::Point& point : supervisor.throughput().points()) {
    entry["at_s"].push_back(point.at_s);
    entry["bytes"].push_back(point.bytes);
    entry["records"].push_back(point.records ? Json(*point.records) : Json(nullptr));
  }
  return entry;
}

// The time and memory that this process has taken so far.
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

Json describe_plan(const workflow::Plan& plan) {
  Json report{{"workflow", plan.file}, {"jobs", Json::array()}, {"fifos", Json::array()}};
  for (const workflow::PlannedJob& job : plan.jobs) report["jobs"].push_back(planned_entry(job));
  for (const workflow::PlannedFifo& fifo : plan.fifos) report["fifos"].push_back(planned_entry(plan, fifo));
  redact_all(report);
  return report;
}

Json make_report(const workflow::Plan& plan, const Supervisor& supervisor, const ToolStats& tools, int status,
                 bool is_published) {
  const auto failed = supervisor.first_failure();
  const std::string bottleneck = find_bottleneck(plan, supervisor);
  Json report{{"workflow", plan.file}, {"status", status}, {"wall_s", supervisor.wall().count()}};
  report["failed"] = failed ? Json(plan.jobs[*failed].display_name()) : Json(nullptr);
  report["bottleneck"] = bottleneck.empty() ? Json(nullptr) : Json(bottleneck);
  report["outputs"] = plan.outputs;
  report["results"] = is_published ? Json(plan.results) : Json::array();
  report["jobs"] = Json::array();
  for (std::size_t at = 0; at < plan.jobs.size(); ++at) {
    report["jobs"].push_back(
        job_entry(plan, supervisor.jobs()[at], tools, at,
                  supervisor.samples() > 0 ? Json(supervisor.busy_share(at)) : Json(nullptr)));
  }
  report["fifos"] = Json::array();
  for (std::size_t at = 0; at < plan.fifos.size(); ++at) {
    report["fifos"].push_back(fifo_entry(plan, supervisor, tools, at));
  }
  report["throughput"] = throughput_entry(supervisor);
  report["processors"] = base::usable_processors();
  const auto idle = supervisor.machine_idle();
  report["machine_idle"] = idle ? Json(*idle) : Json(nullptr);
  report["supervisor"] = own_entry();
  redact_all(report);
  return report;
}

std::string find_bottleneck(const workflow::Plan& plan, const Supervisor& supervisor) {
  if (supervisor.samples() == 0 || plan.fifos.empty()) return "";
  const double wall = std::max(supervisor.wall().count(), 1e-6);
  std::map<std::string, double> scores;
  for (std::size_t at = 0; at < plan.jobs.size(); ++at) {
    const rusage& usage = supervisor.jobs()[at].usage;
    const double cpu = base::seconds(usage.ru_utime) + base::seconds(usage.ru_stime);
    // Processor time decides between jobs that were equally busy.
    const double score = supervisor.busy_share(at) + 0.1 * std::min(cpu / wall, 1.0);
    double& best = scores[plan.jobs[at].name];
    best = std::max(best, score);
  }
  return std::max_element(scores.begin(), scores.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

}  // namespace mrf::run
