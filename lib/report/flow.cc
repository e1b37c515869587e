// SPDX-License-Identifier: MIT
#include "report/flow.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/status.h"

namespace mrf::report {

namespace {

const Json& member(const Json& object, const char* name) {
  static const Json none;
  if (!object.is_object()) return none;
  const auto found = object.find(name);
  return found == object.end() ? none : *found;
}

std::string text_in(const Json& object, const char* name) {
  const Json& value = member(object, name);
  return value.is_string() ? value.get<std::string>() : "";
}

std::optional<double> number_in(const Json& object, const char* name) {
  const Json& value = member(object, name);
  if (!value.is_number()) return std::nullopt;
  const auto number = value.get<double>();
  return std::isfinite(number) && number >= 0 ? std::optional(number) : std::nullopt;
}

std::optional<std::uint64_t> count_in(const Json& object, const char* name) {
  const auto number = number_in(object, name);
  return number && *number < 9e18 ? std::optional(static_cast<std::uint64_t>(*number)) : std::nullopt;
}

std::vector<std::string> texts_in(const Json& object, const char* name) {
  std::vector<std::string> texts;
  const Json& value = member(object, name);
  if (!value.is_array()) return texts;
  for (const Json& one : value) {
    if (one.is_string()) texts.push_back(one.get<std::string>());
  }
  return texts;
}

// "work" of "work[3]" and of "work@2".
std::string without_number(const std::string& name) { return name.substr(0, name.find_first_of("[@")); }

void add_once(std::vector<std::string>& to, const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    if (std::find(to.begin(), to.end(), text) == to.end()) to.push_back(text);
  }
}

std::string status_of(const Json& job) {
  const auto signal = count_in(job, "signal");
  const auto status = count_in(job, "status");
  return signal ? fmt::format("SIG{}", *signal) : status ? fmt::format("{}", *status) : "";
}

std::string value_text(const Json& value) {
  return value.is_string() ? value.get<std::string>()
                           : value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// The records of a job: those that passed its FIFOs. When it reads or writes files, and is a program of
// mrf-tools, those that the program counted.
std::optional<std::uint64_t> records_of(const Json& job, const char* name) {
  if (const auto count = count_in(job, name)) return count;
  const std::vector<std::string> command = texts_in(job, "command");
  const Json& tools = member(job, "tools");
  if (command.empty() || !tools.is_array() || tools.size() != 1) return std::nullopt;
  const std::string program = command[0].substr(command[0].rfind('/') + 1);
  return text_in(tools[0], "tool") == program ? count_in(tools[0], name) : std::nullopt;
}

// The copies of one job, in the order of the report.
FlowJob group_of(const std::string& name, const std::vector<const Json*>& copies) {
  FlowJob job;
  job.name = name;
  job.command = texts_in(*copies[0], "command");
  std::set<double> rounds;
  std::vector<double> walls;
  std::vector<double> cpus;
  std::vector<double> peaks;
  bool counts_in = true;
  bool counts_out = true;
  std::uint64_t in = 0;
  std::uint64_t out = 0;
  for (const Json* copy : copies) {
    rounds.insert(number_in(*copy, "round").value_or(0));
    walls.push_back(number_in(*copy, "wall_s").value_or(0));
    cpus.push_back(number_in(*copy, "user_s").value_or(0) + number_in(*copy, "sys_s").value_or(0));
    peaks.push_back(number_in(*copy, "max_rss_bytes").value_or(0));
    const auto records_in = records_of(*copy, "records_in");
    const auto records_out = records_of(*copy, "records_out");
    counts_in = counts_in && records_in;
    counts_out = counts_out && records_out;
    in += records_in.value_or(0);
    out += records_out.value_or(0);
    if (const auto busy = number_in(*copy, "busy"))
      job.busy = std::max(job.busy.value_or(0), std::min(*busy, 1.0));
    const std::string status = status_of(*copy);
    job.has_ended = job.has_ended || !status.empty();
    if (!status.empty() && (job.status.empty() || job.status == "0")) job.status = status;
    add_once(job.inputs, texts_in(*copy, "inputs"));
    add_once(job.results, texts_in(*copy, "results"));
    const Json& result = member(*copy, "result");
    if (!result.is_null()) {
      const auto number = count_in(*copy, "number");
      const auto round = count_in(*copy, "round");
      job.values.push_back(fmt::format("{}{}{}: {}", name, number ? fmt::format("[{}]", *number) : "",
                                       round ? fmt::format("@{}", *round) : "", value_text(result)));
    }
    const Json& tools = member(*copy, "tools");
    if (tools.is_array()) job.tools.insert(job.tools.end(), tools.begin(), tools.end());
  }
  job.rounds = rounds.size();
  job.copies = (copies.size() + rounds.size() - 1) / rounds.size();
  job.wall_s = spread_of(std::move(walls));
  job.cpu_s = spread_of(std::move(cpus));
  job.max_rss_bytes = spread_of(std::move(peaks));
  if (counts_in) job.records_in = in;
  if (counts_out) job.records_out = out;
  return job;
}

void add_jobs(Flow& flow, const Json& jobs, const std::string& name) {
  std::vector<std::string> names;
  std::map<std::string, std::vector<const Json*>> copies;
  for (const Json& job : jobs) {
    const std::string job_name = text_in(job, "name");
    if (job_name.empty())
      throw base::DataError("read", name, "it has a job without a name: not a report of mrf-run");
    if (copies[job_name].empty()) names.push_back(job_name);
    copies[job_name].push_back(&job);
  }
  for (const std::string& job : names) flow.jobs.push_back(group_of(job, copies[job]));
}

// The FIFOs of one name from one job to another: their sums, and the values of each.
struct FifoGroup {
  FlowFifo fifo;
  std::vector<double> empty;
  std::vector<double> full;
};

void add_fifos(Flow& flow, const Json& fifos) {
  std::map<std::string, std::size_t> jobs;
  for (std::size_t at = 0; at < flow.jobs.size(); ++at) jobs[flow.jobs[at].name] = at;
  std::vector<FifoGroup> groups;
  for (const Json& fifo : fifos) {
    const auto writer = jobs.find(without_number(text_in(fifo, "writer")));
    const auto reader = jobs.find(without_number(text_in(fifo, "reader")));
    if (writer == jobs.end() || reader == jobs.end()) continue;
    const std::string name = without_number(text_in(fifo, "name"));
    const auto records = count_in(fifo, "records");
    const auto bytes = count_in(fifo, "bytes");
    auto group = std::find_if(groups.begin(), groups.end(), [&](const FifoGroup& one) {
      return one.fifo.name == name && one.fifo.writer == writer->second && one.fifo.reader == reader->second;
    });
    if (group == groups.end()) {
      groups.push_back({{name, 1, writer->second, reader->second, records, bytes, {}, {}, false}, {}, {}});
      group = groups.end() - 1;
      const Json& side = member(fifo, "side");
      group->fifo.is_side = side.is_boolean() && side.get<bool>();
    } else {
      FlowFifo& sum = group->fifo;
      ++sum.count;
      sum.records = sum.records && records ? std::optional(*sum.records + *records) : std::nullopt;
      sum.bytes = sum.bytes && bytes ? std::optional(*sum.bytes + *bytes) : std::nullopt;
    }
    group->empty.push_back(number_in(fifo, "empty").value_or(0));
    group->full.push_back(number_in(fifo, "full").value_or(0));
  }
  for (FifoGroup& group : groups) {
    group.fifo.empty = spread_of(std::move(group.empty));
    group.fifo.full = spread_of(std::move(group.full));
    flow.fifos.push_back(std::move(group.fifo));
  }
}

void add_throughput(Flow& flow, const Json& throughput) {
  const Json& at = member(throughput, "at_s");
  const Json& bytes = member(throughput, "bytes");
  const Json& records = member(throughput, "records");
  flow.input_bytes = number_in(throughput, "bytes_total");
  if (!at.is_array() || !bytes.is_array()) return;
  for (std::size_t point = 0; point < std::min(at.size(), bytes.size()); ++point) {
    if (!at[point].is_number() || !bytes[point].is_number()) continue;
    FlowPoint made{at[point].get<double>(), bytes[point].get<double>(), {}};
    if (records.is_array() && point < records.size() && records[point].is_number())
      made.records = records[point].get<double>();
    const bool is_sound = std::isfinite(made.at_s) && made.at_s >= 0 && std::isfinite(made.bytes) &&
                          (flow.throughput.empty() || made.at_s > flow.throughput.back().at_s);
    if (is_sound) flow.throughput.push_back(made);
  }
}

// Adds the chunks that a job of mrf-chunks left out (--skip-failed).
void add_left_out(Flow& flow, const FlowJob& job) {
  for (const Json& tool : job.tools) {
    const Json& skipped = member(tool, "skipped");
    if (!skipped.is_array()) continue;
    for (const Json& one : skipped) {
      const auto chunk = count_in(one, "chunk");
      const auto first = count_in(one, "first_record");
      const auto records = count_in(one, "records");
      std::string text = chunk ? fmt::format("chunk {}", *chunk) : "a chunk";
      if (first && records && *records > 0)
        text += fmt::format(", records {} to {}", *first, *first + *records - 1);
      if (const std::string reason = text_in(one, "reason"); !reason.empty()) text += ": " + reason;
      flow.left_out.push_back(std::move(text));
    }
  }
}

// Whether a job of mrf-chunks left out chunks whose filter failed, and wrote all others (--skip-failed).
bool has_left_out_chunks(const FlowJob& job) {
  return std::any_of(job.tools.begin(), job.tools.end(), [](const Json& tool) {
    return member(tool, "skipped").is_array() && number_in(tool, "output_is_complete") == 1;
  });
}

std::string with_count(const std::string& name, std::size_t count) {
  return count > 1 ? fmt::format("{} ×{}", name, count) : name;
}

}  // namespace

Spread spread_of(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  Spread spread{values.front(), values[values.size() / 2], values.back(), 0};
  for (const double value : values) spread.sum += value;
  return spread;
}

std::string printable_text(const std::string& text) {
  std::string result = text;
  for (char& c : result) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < ' ' || byte == 0x7f) c = ' ';
  }
  for (const std::string_view bad : {"\xef\xbf\xbe", "\xef\xbf\xbf"}) {
    for (auto at = result.find(bad); at != std::string::npos; at = result.find(bad, at))
      result.replace(at, bad.size(), " ");
  }
  return result;
}

std::string cut_text(const std::string& text, std::size_t most) {
  std::string result = printable_text(text);
  std::size_t characters = 0;
  std::size_t last = 0;  // where the last character that has room begins
  for (std::size_t at = 0; at < result.size(); ++at) {
    if ((static_cast<unsigned char>(result[at]) & 0xc0) == 0x80) continue;
    if (++characters > most) return result.substr(0, last) + "…";
    last = at;
  }
  return result;
}

std::string FlowJob::command_text() const {
  std::string text;
  for (const std::string& word : command) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::string FlowJob::label() const {
  const std::string text = with_count(name, copies);
  return rounds > 1 ? fmt::format("{}, {} rounds", text, rounds) : text;
}

std::string FlowFifo::label() const { return with_count(name, count); }

const FlowJob* Flow::find(const std::string& job) const {
  const auto found =
      std::find_if(jobs.begin(), jobs.end(), [&](const FlowJob& one) { return one.name == job; });
  return found == jobs.end() ? nullptr : &*found;
}

double Flow::cpu_s() const {
  double sum = 0;
  for (const FlowJob& job : jobs) sum += job.cpu_s.sum;
  return sum;
}

double Flow::share_of(const FlowJob& job) const {
  if (job.busy) return *job.busy;
  return wall_s > 0 ? std::min(1.0, job.cpu_s.most / wall_s) : 0;
}

Flow flow_of(const Json& report, const std::string& name) {
  const Json& jobs = member(report, "jobs");
  const Json& fifos = member(report, "fifos");
  if (!jobs.is_array() || jobs.empty())
    throw base::DataError("read", name,
                          "it is not a report of mrf-run: write one with mrf-run --report FILE");
  Flow flow;
  flow.workflow = text_in(report, "workflow");
  const auto wall_s = number_in(report, "wall_s");
  flow.has_run = wall_s.has_value();
  flow.wall_s = wall_s.value_or(0);
  flow.status = static_cast<int>(std::min(number_in(report, "status").value_or(0), 255.0));
  flow.processors = static_cast<int>(std::min(number_in(report, "processors").value_or(0), 1e6));
  flow.machine_idle = number_in(report, "machine_idle");
  flow.failed = text_in(report, "failed");
  flow.bottleneck = text_in(report, "bottleneck");
  flow.outputs = texts_in(report, "outputs");
  flow.results = texts_in(report, "results");
  add_jobs(flow, jobs, name);
  flow.lacks_records = flow.status == static_cast<int>(base::Status::bad_data) && flow.failed.empty() &&
                       std::any_of(flow.jobs.begin(), flow.jobs.end(), has_left_out_chunks);
  for (const FlowJob& job : flow.jobs) add_left_out(flow, job);
  if (fifos.is_array()) add_fifos(flow, fifos);
  add_throughput(flow, member(report, "throughput"));
  return flow;
}

}  // namespace mrf::report
