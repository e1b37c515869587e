// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "run/report.h"

namespace mrf::run {

namespace {

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

}  // namespace mrf::run
