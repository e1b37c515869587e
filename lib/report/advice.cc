// SPDX-License-Identifier: MIT
//
// A job limits a run when it was busy while the others waited for it. What helps depends on why it took so
// long: a job whose threads compute all the time gets more of them, as long as processors are free, or less
// to do (a lower level). A job that hardly computes waits for something outside of the run, which no option
// changes.
//
// The gain is estimated from processor seconds: after the change no stage takes less than its processor
// seconds divided by its threads, and the whole no less than all of them divided by the processors. So the
// gain is what is possible at most, and the sentence says "about".
#include "report/advice.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>

#include "base/output_name.h"

namespace mrf::report {

namespace {

constexpr double least_wall_s = 1;
constexpr double least_gain = 1.15;
constexpr double busy_machine = 0.15;  // a machine that is idle for less than this has no processor to give
constexpr double all_in_use = 0.75;    // the share of the processors that is as good as all
constexpr double computes =
    0.7;  // the share of its threads' time in which a job that computes all the time does so

// The processor seconds that a level takes, as multiples of those of level 1, for BAM and for gzip; measured
// with alignments on one core. Between the lines the line above holds.
struct LevelCost {
  int level;
  double bam;
  double gzip;
};
constexpr LevelCost level_costs[] = {{1, 1, 1}, {2, 2.5, 6}, {6, 3.5, 10}, {9, 40, 80}};

double cost_of(int level, bool is_bam) {
  double cost = 1;
  for (const LevelCost& one : level_costs) {
    if (level >= one.level) cost = is_bam ? one.bam : one.gzip;
  }
  return cost;
}

// What kind of work the limiting job does.
enum class Stage { read, distribute, filter, collect, write };

std::string tool_of(const FlowJob& job) {
  if (job.command.empty()) return "";
  const std::string& word = job.command[0];
  return word.substr(word.rfind('/') + 1);
}

// The value of the last "NAME VALUE" before "--".
std::string option_of(const FlowJob& job, std::string_view name) {
  std::string value;
  for (std::size_t at = 1; at + 1 < job.command.size() && job.command[at] != "--"; ++at) {
    if (job.command[at] == name) value = job.command[at + 1];
  }
  return value;
}

int number_of(const FlowJob& job, std::string_view name, int otherwise) {
  const std::string text = option_of(job, name);
  int number = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return std::clamp(number, 0, 100000);
}

bool writes_gzip(const FlowJob& job) {
  return tool_of(job) == "mrf-collect" && base::has_gzip_name(option_of(job, "-o"));
}

Stage stage_of(const FlowJob& job) {
  const std::string tool = tool_of(job);
  if (tool == "mrf-bamread" || tool == "getm-fetch") return Stage::read;
  if (tool == "mrf-bamwrite" || writes_gzip(job)) return Stage::write;
  if (tool == "mrf-distribute") return Stage::distribute;
  if (tool == "mrf-collect") return Stage::collect;
  return Stage::filter;
}

// How many threads of a job, with all its copies, can compute at a time.
double threads_of(const FlowJob& job) {
  const auto copies = static_cast<double>(job.copies);
  switch (stage_of(job)) {
    case Stage::filter:
      return tool_of(job) == "mrf-chunks" ? std::max(1, number_of(job, "-n", 1)) : copies;
    default:
      return copies * (1 + number_of(job, "-@", 0));
  }
}

class Adviser {
 public:
  Adviser(const Flow& flow, const FlowJob& job)
      : flow_(flow), job_(job), threads_(threads_of(job)), cores_(job.cpu_s.sum / flow.wall_s) {}

  std::string sentence() const {
    switch (stage_of(job_)) {
      case Stage::write:
        return on_writing();
      case Stage::read:
        return on_reading();
      case Stage::filter:
        return on_filter();
      default:
        return on_one_thread();
    }
  }

 private:
  bool computes_all_the_time() const { return cores_ >= computes * std::min(threads_, processors()); }
  double processors() const { return flow_.processors > 0 ? flow_.processors : 1e6; }
  // Processors that no program used.
  int free_processors() const {
    return flow_.processors == 0
               ? 0
               : static_cast<int>(std::floor(flow_.processors - flow_.cpu_s() / flow_.wall_s + 0.1));
  }

  // How many times as fast the run can be when the job takes `cpu_s` with `threads` threads.
  double gain(double cpu_s, double threads) const {
    double least_s = cpu_s / threads;
    double all_s = cpu_s;
    for (const FlowJob& other : flow_.jobs) {
      if (&other == &job_) continue;
      least_s = std::max(least_s, other.cpu_s.sum / threads_of(other));
      all_s += other.cpu_s.sum;
    }
    least_s = std::max({least_s, all_s / processors(), 1e-3});
    return flow_.wall_s / least_s;
  }

  static std::string times(double gain) {
    return gain >= 1.95 ? fmt::format("about {:.0f} times as fast", gain)
                        : fmt::format("about {:.1f} times as fast", gain);
  }

  // The advice for a job that computes for a part of its time only. When other programs have the processors,
  // the advice is to measure again.
  std::string waits(std::string_view what, std::string_view why) const {
    if (flow_.machine_idle && *flow_.machine_idle < busy_machine &&
        flow_.cpu_s() / flow_.wall_s < computes * processors())
      return fmt::format("{} limits, but other programs have the processors: measure again", what);
    return fmt::format("{} limits but computes only {:.0f} % of the time: {}", what,
                       100 * std::min(1.0, cores_ / threads_), why);
  }

  std::string more_threads(std::string_view what, int more, std::string_view option, int given) const {
    const double gain_then = gain(job_.cpu_s.sum, threads_ + more);
    if (more < 1 || gain_then < least_gain) return "";
    return fmt::format("{} limits: `{} {}` would be {}", what, option, given + more, times(gain_then));
  }

  std::string on_writing() const {
    if (!computes_all_the_time()) return waits("writing", "the disk or reader is slow");
    const int level = number_of(job_, "-l", 6);
    const bool is_bam = !writes_gzip(job_);
    const double gain_then = gain(job_.cpu_s.sum * cost_of(1, is_bam) / cost_of(level, is_bam), threads_);
    if (level > 1 && option_of(job_, "-O") != "cram" && gain_then >= least_gain)
      return fmt::format("writing limits: `-l 1` would be {}, and the file larger", times(gain_then));
    std::string threads = more_threads("writing", free_processors(), "-@", number_of(job_, "-@", 0));
    return threads.empty() ? no_more("writing") : threads;
  }

  std::string on_reading() const {
    if (!computes_all_the_time()) return waits("reading", "the disk or network is slow");
    std::string threads = more_threads("reading", free_processors(), "-@", number_of(job_, "-@", 0));
    return threads.empty() ? no_more("reading") : threads;
  }

  std::string on_filter() const {
    const std::string what = "'" + job_.name + "'";
    if (std::string starts = on_starts(); !starts.empty()) return starts;
    const bool is_chunked = tool_of(job_) == "mrf-chunks";
    const bool is_copied = job_.copies > 1 || is_chunked;
    if (job_.copies > 1 && job_.cpu_s.most > 2 * job_.cpu_s.median && job_.cpu_s.most > 0.5 * flow_.wall_s)
      return fmt::format("one copy of '{}' worked {:.1f} times as long as the median: the shares are uneven",
                         job_.name, job_.cpu_s.most / std::max(job_.cpu_s.median, 0.01));
    if (!computes_all_the_time()) return waits("the filter", "it waits for something");
    if (is_copied) {
      const int workers = static_cast<int>(threads_);
      std::string more = more_threads("the filter", free_processors(), "-n", workers);
      if (!more.empty()) return more;
      return no_more("the filter");
    }
    return fmt::format("{} limits: it is one process, and the others wait for it", what);
  }

  // Chunks that are too small for what starting the filter costs.
  std::string on_starts() const {
    double filters_s = 0;
    double starts_s = 0;
    for (const Json& tool : job_.tools) {
      if (!tool.is_object()) continue;
      const auto filters = tool.find("filters_s");
      const auto starts = tool.find("starts_s");
      if (filters != tool.end() && filters->is_number()) filters_s += filters->get<double>();
      if (starts != tool.end() && starts->is_number()) starts_s += starts->get<double>();
    }
    if (filters_s <= 0 || starts_s < 0.3 * filters_s) return "";
    return fmt::format("the filter limits, {:.0f} % of its time is its start: `-c auto` makes larger chunks",
                       100 * std::min(1.0, starts_s / filters_s));
  }

  std::string on_one_thread() const {
    const char* what = stage_of(job_) == Stage::distribute ? "distributing" : "collecting";
    if (!computes_all_the_time()) return waits(what, "input or output is slow");
    return fmt::format("{} limits: --order chunk needs none of it", what);
  }

  std::string no_more(std::string_view what) const {
    if (flow_.processors > 0 && flow_.cpu_s() / flow_.wall_s >= all_in_use * flow_.processors)
      return fmt::format("{} limits, and all {} processors are in use", what, flow_.processors);
    return fmt::format("{} limits", what);
  }

  const Flow& flow_;
  const FlowJob& job_;
  double threads_;
  double cores_;
};

}  // namespace

std::string advice(const Flow& flow) {
  if (!flow.has_run || flow.status != 0 || flow.wall_s < least_wall_s) return "";
  const FlowJob* job = flow.jobs.size() == 1 ? &flow.jobs[0] : flow.find(flow.bottleneck);
  return job == nullptr ? "" : Adviser(flow, *job).sentence();
}

}  // namespace mrf::report
