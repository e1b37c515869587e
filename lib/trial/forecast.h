// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>

namespace mrf::trial {

/// What a run took, in seconds of one processor, but for `wall_s`.
struct Costs {
  double read_s = 0;    ///< inflate, parse
  double pass_s = 0;    ///< hand records to the filter and join what comes back, on one thread
  double filter_s = 0;  ///< the filter, all copies together
  double write_s = 0;   ///< format, deflate
  double wall_s = 0;
  std::uint64_t bytes = 0;  ///< of records, as the filter reads them; 0 where nothing counts them

  double sum_s() const { return read_s + pass_s + filter_s + write_s; }
  /// The same for so many times the records.
  Costs times(double factor) const;
};

/// What a run takes whatever its records are, to start and to end its programs: from the costs of a smaller
/// and of a larger number of records, by the line through both; never below 0, nor above those of the
/// smaller.
Costs fixed_costs(const Costs& smaller, std::uint64_t fewer, const Costs& larger, std::uint64_t more);

/// Those of a sample for so many times its records, of which `fixed` are paid once.
Costs whole_costs(const Costs& sample, const Costs& fixed, double factor);

/// From the report of a run of the short form (mrf-run(1), REPORT).
Costs costs_of(const nlohmann::ordered_json& report);

/// How many threads the reader and the writer have, each with its first one.
struct Threads {
  int reader = 1;
  int writer = 1;
};
/// The threads that -@ N gives them.
using ThreadsOf = std::function<Threads(int)>;

/// -n and -@.
struct Setting {
  int workers = 1;
  int threads = 0;
};

/// The seconds that `costs` take with a setting: those of the busiest stage, or of all stages on all
/// processors. A reader parses, and a writer joins, on one thread: a part of their time does not become less.
double expected_s(const Costs& costs, int workers, const Threads& threads, int processors);

/// What may be set: workers and threads up to these, both together up to `all`.
struct Limits {
  int processors = 1;
  int workers = 1;
  int threads = 0;
  int all = 1;
};

/// The smallest setting that is within a twentieth of the fastest one.
Setting best_setting(const Costs& costs, const ThreadsOf& threads_of, const Limits& limits);

/// How many chunks mrf-chunks(1) makes of so many bytes by default.
std::uint64_t chunks_of(std::uint64_t bytes);

/// How a filter is started for the chunks of the whole input.
struct Starts {
  double start_s = 0;  ///< processor seconds that one takes
  double work_s = 0;   ///< of the filter, without its starts
  double records = 0;  ///< of the whole input
  std::uint64_t chunks = 0;
  double all_s() const { return start_s * static_cast<double>(chunks); }
};

/// Records for each chunk, a number of one digit that counts and of zeros, where starting takes a tenth of
/// the filter's time or more, and a second at least, and larger chunks take a good part of it away. There are
/// four chunks for each processor or more.
std::optional<std::uint64_t> larger_chunks(const Starts& starts, int processors);

/// Below this, a run side by side is not worth it.
inline constexpr double least_gain = 1.2;

}  // namespace mrf::trial
