// SPDX-License-Identifier: MIT
#include "run/report.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "base/amounts.h"
#include "base/redact.h"

namespace mrf::run {

namespace {

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

Json command_of(const workflow::PlannedJob& job) {
  Json words = Json::array();
  for (const auto& word : job.words) {
    std::string text;
    for (const auto& part : word) text += workflow::text_of(part);
    words.push_back(text);
  }
  return words;
}

// The records that came in or went out by all FIFOs of a job that were counted; null when none was.
Json records_of(const workflow::Plan& plan, const ToolStats& tools, std::size_t job, Side side) {
  std::optional<std::uint64_t> sum;
  for (const std::size_t fifo : side == Side::reader ? plan.jobs[job].reads : plan.jobs[job].writes) {
    const auto count = side == Side::reader ? tools.of_fifo(fifo) : tools.of_writer(fifo, job);
    if (count) sum = sum.value_or(0) + count->records;
  }
  return sum ? Json(*sum) : Json(nullptr);
}

Json job_entry(const workflow::Plan& plan, const Job& record, const ToolStats& tools, std::size_t at) {
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
              {"empty", share(samples.empty, samples.taken)},
              {"full", share(samples.full, samples.taken)}};
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

std::string number_or_dash(const Json& value) {
  return value.is_number() ? fmt::format("{}", value.get<std::uint64_t>()) : "-";
}

std::string display_name(const Json& job) {
  const auto name = job["name"].get<std::string>();
  return job["number"].is_null() ? name : fmt::format("{}[{}]", name, job["number"].get<int>());
}

std::string ending(const Json& job) {
  if (job["status"].is_null()) return "-";
  if (!job["signal"].is_null()) return fmt::format("SIG{}", job["signal"].get<int>());
  return fmt::format("{}", job["status"].get<int>());
}

std::string job_row(const Json& job) {
  const double cpu = job["user_s"].get<double>() + job["sys_s"].get<double>();
  return fmt::format("{:<14} {:>6} {:>8.2f} {:>8.2f} {:>8.1f} {:>14} {:>14}\n", display_name(job),
                     ending(job), job["wall_s"].get<double>(), cpu,
                     job["max_rss_bytes"].get<double>() / 1048576, number_or_dash(job["records_in"]),
                     number_or_dash(job["records_out"]));
}

std::string fifo_row(const Json& fifo) {
  return fmt::format("{:<14} {:>14} {:>14} {:>8.0f} {:>8.0f}\n", fifo["name"].get<std::string>(),
                     number_or_dash(fifo["records"]), number_or_dash(fifo["bytes"]),
                     100 * fifo["empty"].get<double>(), 100 * fifo["full"].get<double>());
}

}  // namespace

Json make_report(const workflow::Plan& plan, const Supervisor& supervisor, const ToolStats& tools, int status,
                 bool is_published) {
  const auto failed = supervisor.first_failure();
  const std::string bottleneck = find_bottleneck(plan, supervisor);
  Json report{{"workflow", plan.file}, {"status", status}, {"wall_s", supervisor.wall().count()}};
  report["failed"] = failed ? Json(plan.jobs[*failed].display_name()) : Json(nullptr);
  report["bottleneck"] = bottleneck.empty() ? Json(nullptr) : Json(bottleneck);
  report["results"] = is_published ? Json(plan.results) : Json::array();
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

std::string report_table(const Json& report) {
  std::string text = fmt::format("{:<14} {:>6} {:>8} {:>8} {:>8} {:>14} {:>14}\n", "JOB", "STATUS", "WALL s",
                                 "CPU s", "MiB", "RECORDS IN", "RECORDS OUT");
  for (const auto& job : report["jobs"]) text += job_row(job);
  if (!report["fifos"].empty()) {
    text +=
        fmt::format("\n{:<14} {:>14} {:>14} {:>8} {:>8}\n", "FIFO", "RECORDS", "BYTES", "EMPTY %", "FULL %");
    for (const auto& fifo : report["fifos"]) text += fifo_row(fifo);
  }
  text +=
      fmt::format("\nwall {:.2f} s, status {}", report["wall_s"].get<double>(), report["status"].get<int>());
  if (!report["failed"].is_null()) text += fmt::format(", failed: {}", report["failed"].get<std::string>());
  if (!report["bottleneck"].is_null())
    text += fmt::format(", bottleneck: {}", report["bottleneck"].get<std::string>());
  return text + "\n";
}

std::string find_bottleneck(const workflow::Plan& plan, const Supervisor& supervisor) {
  if (supervisor.samples() == 0 || plan.fifos.empty()) return "";
  const double wall = std::max(supervisor.wall().count(), 1e-6);
  std::map<std::string, double> scores;
  for (std::size_t at = 0; at < plan.jobs.size(); ++at) {
    const rusage& usage = supervisor.jobs()[at].usage;
    const double cpu = base::seconds(usage.ru_utime) + base::seconds(usage.ru_stime);
    // The processor time decides between jobs that were busy alike.
    const double score = supervisor.busy_share(at) + 0.1 * std::min(cpu / wall, 1.0);
    double& best = scores[plan.jobs[at].name];
    best = std::max(best, score);
  }
  return std::max_element(scores.begin(), scores.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

}  // namespace mrf::run
