// SPDX-License-Identifier: MIT
#include "trial/forecast.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "base/output_name.h"
#include "chunk/sizer.h"

namespace mrf::trial {

namespace {

using Json = nlohmann::ordered_json;

// Of a reader's and a writer's seconds, what one thread does alone; measured with alignments.
constexpr double serial_reading = 0.3;
constexpr double serial_writing = 0.1;

constexpr std::array stages{&Costs::read_s, &Costs::pass_s, &Costs::filter_s, &Costs::write_s,
                            &Costs::wall_s};

double number(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number() ? found->get<double>() : 0;
}

std::string text(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// Whether a mrf-collect writes a compressed file.
bool deflates(const Json& job) {
  const auto words = job.find("command");
  if (words == job.end() || !words->is_array()) return false;
  return std::any_of(words->begin(), words->end(), [](const Json& word) {
    const std::string* one = word.get_ptr<const std::string*>();
    return one != nullptr && one->starts_with("save:") && base::has_gzip_name(*one);
  });
}

// The job that runs the filter: mrf-chunks with the filters that it starts, or a copy of the filter.
void add_work(const Json& job, double cpu_s, Costs& costs) {
  const auto tools = job.find("tools");
  if (tools != job.end() && tools->is_array()) {
    for (const Json& tool : *tools) {
      if (!tool.is_object() || text(tool, "tool") != "mrf-chunks") continue;
      const double filters_s = std::min(number(tool, "filters_s"), cpu_s);
      costs.filter_s += filters_s;
      costs.pass_s += cpu_s - filters_s;
      costs.bytes += static_cast<std::uint64_t>(number(tool, "bytes_in"));
      return;
    }
  }
  costs.filter_s += cpu_s;
}

}  // namespace

Costs Costs::times(double factor) const {
  Costs all = *this;
  for (const auto stage : stages) all.*stage *= factor;
  all.bytes = static_cast<std::uint64_t>(static_cast<double>(bytes) * factor);
  return all;
}

Costs fixed_costs(const Costs& smaller, std::uint64_t fewer, const Costs& larger, std::uint64_t more) {
  Costs fixed;
  if (more <= fewer) return fixed;
  const double share = static_cast<double>(fewer) / static_cast<double>(more - fewer);
  for (const auto stage : stages) {
    const double at_zero = smaller.*stage - share * (larger.*stage - smaller.*stage);
    fixed.*stage = std::clamp(at_zero, 0.0, smaller.*stage);
  }
  return fixed;
}

Costs whole_costs(const Costs& sample, const Costs& fixed, double factor) {
  Costs whole = sample.times(factor);
  for (const auto stage : stages) {
    const double once = std::min(fixed.*stage, sample.*stage);
    whole.*stage = once + factor * (sample.*stage - once);
  }
  return whole;
}

Costs costs_of(const Json& report) {
  Costs costs;
  costs.wall_s = number(report, "wall_s");
  const auto jobs = report.find("jobs");
  if (jobs == report.end() || !jobs->is_array()) return costs;
  for (const Json& job : *jobs) {
    const std::string name = text(job, "name");
    const double cpu_s = number(job, "user_s") + number(job, "sys_s");
    if (name == "work") {
      add_work(job, cpu_s, costs);
    } else if (name == "read" || name == "pair" || name == "weave") {
      costs.read_s += cpu_s;
    } else if (name.starts_with("write") || name == "store" || name == "combine" || deflates(job)) {
      costs.write_s += cpu_s;
    } else {
      costs.pass_s += cpu_s;
    }
  }
  return costs;
}

double expected_s(const Costs& costs, int workers, const Threads& threads, int processors) {
  const double reading_s =
      std::max(costs.read_s / threads.reader, threads.reader > 1 ? costs.read_s * serial_reading : 0);
  const double writing_s =
      std::max(costs.write_s / threads.writer, threads.writer > 1 ? costs.write_s * serial_writing : 0);
  return std::max({reading_s, costs.pass_s, costs.filter_s / std::max(workers, 1), writing_s,
                   costs.sum_s() / std::max(processors, 1)});
}

Setting best_setting(const Costs& costs, const ThreadsOf& threads_of, const Limits& limits) {
  constexpr double as_good = 1.05;
  const auto seconds = [&](const Setting& one) {
    return expected_s(costs, one.workers, threads_of(one.threads), limits.processors);
  };
  std::vector<Setting> settings;
  for (int workers = 1; workers <= limits.workers; ++workers) {
    for (int threads = 0; threads <= limits.threads; ++threads) {
      if (workers + threads <= limits.all) settings.push_back({workers, threads});
    }
  }
  if (settings.empty()) return {};
  double fastest_s = seconds(settings[0]);
  for (const Setting& one : settings) fastest_s = std::min(fastest_s, seconds(one));
  const auto size = [](const Setting& one) { return one.workers + one.threads; };
  Setting best = settings[0];
  bool is_found = false;
  for (const Setting& one : settings) {
    if (seconds(one) > as_good * fastest_s) continue;
    if (!is_found || size(one) < size(best)) best = one;
    is_found = true;
  }
  return best;
}

std::optional<std::uint64_t> larger_chunks(const Starts& starts, int processors) {
  const double all_s = starts.all_s();
  if (all_s < 1 || all_s < 0.1 * (all_s + starts.work_s)) return std::nullopt;
  const double least = 20 * starts.start_s * starts.records / std::max(starts.work_s, 1e-3);
  const double most = starts.records / (4.0 * processors);
  const double wanted = std::max(1.0, std::min(least, most));
  const double unit = std::pow(10, std::floor(std::log10(wanted)));
  const double size = std::max(1.0, std::round(wanted / unit) * unit);
  if (starts.records / size * starts.start_s > 0.7 * all_s) return std::nullopt;
  return static_cast<std::uint64_t>(size);
}

std::uint64_t chunks_of(std::uint64_t bytes) {
  std::uint64_t chunks = 0;
  for (std::uint64_t before = 0; before < bytes; before += chunk::chunk_size_after(before)) ++chunks;
  return chunks;
}

}  // namespace mrf::trial
