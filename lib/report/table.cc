// SPDX-License-Identifier: MIT
#include "report/table.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/advice.h"

namespace mrf::report {

namespace {

constexpr double mebibyte = 1048576;
constexpr std::size_t most_values = 20;  // of a job
constexpr std::size_t most_value = 200;  // characters

std::string count_or_dash(const std::optional<std::uint64_t>& count) {
  return count ? fmt::format("{}", *count) : "-";
}

// "3.10", of copies "2.90/3.10/3.40".
std::string spread_text(const Spread& spread, std::size_t copies, int digits) {
  if (copies <= 1) return fmt::format("{:.{}f}", spread.sum, digits);
  // Long times have no room for what is behind the point.
  if (spread.most >= 1000) digits = 0;
  return fmt::format("{:.{}f}/{:.{}f}/{:.{}f}", spread.least, digits, spread.median, digits, spread.most,
                     digits);
}

std::string percent_text(const Spread& share, std::size_t copies) {
  return spread_text({100 * share.least, 100 * share.median, 100 * share.most, 100 * share.sum}, copies, 0);
}

std::string job_row(const FlowJob& job) {
  const std::size_t copies = job.copies * job.rounds;
  return fmt::format("{:<12} {:>4} {:>6} {:>8.2f} {:>17} {:>6.1f} {:>10} {:>10}\n", job.name, copies,
                     job.status.empty() ? "-" : job.status, job.wall_s.most,
                     spread_text(job.cpu_s, copies, 2), job.max_rss_bytes.most / mebibyte,
                     count_or_dash(job.records_in), count_or_dash(job.records_out));
}

std::string fifo_row(const FlowFifo& fifo) {
  return fmt::format("{:<12} {:>4} {:>14} {:>16} {:>15} {:>14}\n", fifo.name, fifo.count,
                     count_or_dash(fifo.records), count_or_dash(fifo.bytes),
                     percent_text(fifo.empty, fifo.count), percent_text(fifo.full, fifo.count));
}

}  // namespace

std::string table(const Flow& flow) {
  std::string text = fmt::format("{:<12} {:>4} {:>6} {:>8} {:>17} {:>6} {:>10} {:>10}\n", "JOB", "N",
                                 "STATUS", "WALL s", "CPU s", "MiB", "RECORDS IN", "OUT");
  for (const FlowJob& job : flow.jobs) text += job_row(job);
  if (!flow.fifos.empty()) {
    text += fmt::format("\n{:<12} {:>4} {:>14} {:>16} {:>15} {:>14}\n", "FIFO", "N", "RECORDS", "BYTES",
                        "EMPTY %", "FULL %");
    for (const FlowFifo& fifo : flow.fifos) text += fifo_row(fifo);
  }
  std::string values;
  for (const FlowJob& job : flow.jobs) {
    const std::size_t shown = std::min(job.values.size(), most_values);
    for (std::size_t at = 0; at < shown; ++at) values += cut_text(job.values[at], most_value) + "\n";
    if (shown < job.values.size())
      values += fmt::format("and {} more of '{}'\n", job.values.size() - shown, job.name);
  }
  if (!values.empty()) text += "\nRESULTS\n" + values;
  text += fmt::format("\nwall {:.2f} s, status {}", flow.wall_s, flow.status);
  if (!flow.failed.empty()) text += ", failed: " + flow.failed;
  if (!flow.bottleneck.empty()) text += ", bottleneck: " + flow.bottleneck;
  text += "\n";
  if (const std::string hint = advice(flow); !hint.empty()) text += hint + "\n";
  return text;
}

}  // namespace mrf::report
