// SPDX-License-Identifier: MIT
#include "report/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

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
  // Long times are shown without decimals, for want of room.
  if (spread.most >= 1000) digits = 0;
  return fmt::format("{:.{}f}/{:.{}f}/{:.{}f}", spread.least, digits, spread.median, digits, spread.most,
                     digits);
}

std::string percent_text(const Spread& share, std::size_t copies) {
  return spread_text({100 * share.least, 100 * share.median, 100 * share.most, 100 * share.sum}, copies, 0);
}

std::string job_row(const FlowJob& job) {
  const std::size_t copies = job.copies * job.rounds;
  return fmt::format("{:<12} {:>4} {:>6} {:>8.2f} {:>17} {:>6.1f} {:>10} {:>10}", job.name, copies,
                     job.status.empty() ? "-" : job.status, job.wall_s.most,
                     spread_text(job.cpu_s, copies, 2), job.max_rss_bytes.most / mebibyte,
                     count_or_dash(job.records_in), count_or_dash(job.records_out));
}

std::string fifo_row(const FlowFifo& fifo) {
  return fmt::format("{:<12} {:>4} {:>14} {:>16} {:>15} {:>14}", fifo.name, fifo.count,
                     count_or_dash(fifo.records), count_or_dash(fifo.bytes),
                     percent_text(fifo.empty, fifo.count), percent_text(fifo.full, fifo.count));
}

// The first texts of `all`, which belong to `owner`, and how many there are more.
void add_some(std::vector<std::string>& lines, const std::vector<std::string>& all,
              const std::string& owner) {
  const std::size_t shown = std::min(all.size(), most_values);
  for (std::size_t at = 0; at < shown; ++at) lines.push_back(cut_text(all[at], most_value));
  if (shown < all.size()) lines.push_back(fmt::format("and {} more of {}", all.size() - shown, owner));
}

}  // namespace

std::string table(const Flow& flow) {
  std::vector<std::string> lines{fmt::format("{:<12} {:>4} {:>6} {:>8} {:>17} {:>6} {:>10} {:>10}", "JOB",
                                             "N", "STATUS", "WALL s", "CPU s", "MiB", "RECORDS IN", "OUT")};
  for (const FlowJob& job : flow.jobs) lines.push_back(job_row(job));
  if (!flow.fifos.empty()) {
    lines.push_back("");
    lines.push_back(fmt::format("{:<12} {:>4} {:>14} {:>16} {:>15} {:>14}", "FIFO", "N", "RECORDS", "BYTES",
                                "EMPTY %", "FULL %"));
    for (const FlowFifo& fifo : flow.fifos) lines.push_back(fifo_row(fifo));
  }
  std::vector<std::string> values;
  for (const FlowJob& job : flow.jobs) add_some(values, job.values, "'" + job.name + "'");
  if (!values.empty()) values.insert(values.begin(), {"", "RESULTS"});
  lines.insert(lines.end(), values.begin(), values.end());
  if (!flow.left_out.empty())
    lines.insert(lines.end(), {"", fmt::format("LEFT OUT: {} chunk{}", flow.left_out.size(),
                                               flow.left_out.size() == 1 ? "" : "s")});
  add_some(lines, flow.left_out, "the chunks");
  lines.push_back("");
  lines.push_back(fmt::format("wall {:.2f} s, status {}", flow.wall_s, flow.status));
  if (!flow.failed.empty()) lines.back() += ", failed: " + flow.failed;
  if (!flow.bottleneck.empty()) lines.back() += ", bottleneck: " + flow.bottleneck;
  if (const std::string hint = advice(flow); !hint.empty()) lines.push_back(hint);
  std::string text;
  for (const std::string& line : lines) text += printable_text(line) + "\n";
  return text;
}

}  // namespace mrf::report
