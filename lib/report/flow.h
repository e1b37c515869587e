// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace mrf::report {

using Json = nlohmann::ordered_json;

/// The values of the copies of a job.
struct Spread {
  double least = 0;
  double median = 0;
  double most = 0;
  double sum = 0;
};

/// Of no values: all 0. Of an even number the median is the upper one of the two.
Spread spread_of(std::vector<double> values);

/// A text of one line: blanks in place of control characters, and of U+FFFE and U+FFFF, which no XML may
/// have.
std::string printable_text(const std::string& text);

/// A text of at most `most` characters of UTF-8, of which the last is "…" when something was cut off;
/// printable_text().
std::string cut_text(const std::string& text, std::size_t most);

/// A job with all its copies and rounds.
struct FlowJob {
  std::string name;
  std::size_t copies = 1;  ///< jobs of the array
  std::size_t rounds = 1;
  std::vector<std::string> command;  ///< of the first copy
  bool has_ended = false;            ///< false in a plan, and when no copy has a status
  std::string status;                ///< that of all, else the first one that is not 0: "0", "3", "SIG9"
  Spread wall_s;
  Spread cpu_s;                ///< user and system
  Spread max_rss_bytes;        ///< sum: of all copies, if they had their peaks at a time
  std::optional<double> busy;  ///< share of the run, 0 to 1, of the busiest copy; empty: not measured
  std::optional<std::uint64_t> records_in;  ///< of all copies, counted in their FIFOs or by their program;
                                            ///< empty when those of a copy are not known
  std::optional<std::uint64_t> records_out;
  std::vector<std::string> inputs;   ///< files that it reads
  std::vector<std::string> results;  ///< files that it writes
  std::vector<std::string> values;   ///< what the copies returned, "name: value"
  Json tools = Json::array();        ///< of the copies, as in the report

  /// "work", "work ×4", "align ×4, 2 rounds".
  std::string label() const;
  /// The words of the command with blanks between them.
  std::string command_text() const;
};

/// FIFOs of one name from one job to another.
struct FlowFifo {
  std::string name;
  std::size_t count = 1;
  std::size_t writer = 0;  ///< index of Flow::jobs
  std::size_t reader = 0;
  std::optional<std::uint64_t> records;
  std::optional<std::uint64_t> bytes;
  Spread empty;  ///< shares of time, 0 to 1
  Spread full;
  bool is_side = false;  ///< for a side table, beside the records

  /// "part", "part ×4".
  std::string label() const;
};

/// A moment of the run: how much of the input had been read.
struct FlowPoint {
  double at_s = 0;
  double bytes = 0;
  std::optional<double> records;
};

struct Flow {
  std::string workflow;
  bool has_run = false;
  int status = 0;
  bool lacks_records = false;  ///< the results are there, without the chunks that --skip-failed left out
  std::vector<std::string> left_out;  ///< those chunks: "chunk 2, records 61 to 90: exit status 7"
  double wall_s = 0;
  std::optional<double> machine_idle;  ///< share of the run in which the machine's processors were idle
  int processors = 0;                  ///< 0: not known
  std::string failed;                  ///< empty: none
  std::string bottleneck;              ///< empty: not known
  std::vector<FlowJob> jobs;
  std::vector<FlowFifo> fifos;
  std::vector<std::string> outputs;  ///< of a short form, "-" standard output; empty: not known
  std::vector<std::string> results;
  std::vector<FlowPoint> throughput;
  std::optional<double> input_bytes;

  /// A job's status that is not 0 is no failure in a run that has not failed: a writer whose reader had read
  /// enough, a grep that found nothing (--ok-status).
  bool has_failed() const { return has_run && status != 0 && !lacks_records; }
  const FlowJob* find(const std::string& job) const;
  double cpu_s() const;
  /// The share of time that colours a job, 0 to 1: that of the run in which it was busy, else of its
  /// processor time.
  double share_of(const FlowJob& job) const;
};

/// The flow of a report. `name` is what messages call it. Throws DataError when it is not the report of a
/// run: no object with `jobs`, of which each has a name. Other members that are missing or of another type
/// count as unknown.
Flow flow_of(const Json& report, const std::string& name);

}  // namespace mrf::report
