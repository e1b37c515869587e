// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mrf::io {

/// What went through one side of a program, and how long the program was blocked there.
struct Meter {
  std::uint64_t bytes = 0;
  std::chrono::nanoseconds waited{0};
};

/// Adds the time from its construction to its destruction to a meter's `waited`.
class WaitTimer {
 public:
  explicit WaitTimer(Meter& meter) : meter_(meter), start_(std::chrono::steady_clock::now()) {}
  ~WaitTimer() { meter_.waited += std::chrono::steady_clock::now() - start_; }
  WaitTimer(const WaitTimer&) = delete;
  WaitTimer& operator=(const WaitTimer&) = delete;

 private:
  Meter& meter_;
  std::chrono::steady_clock::time_point start_;
};

/// The environment variable by which mrf-run asks every tool below it for its statistics: a path prefix to
/// which the tool adds its process id and ".json".
inline constexpr const char* stats_prefix_variable = "MRF_STATS_PREFIX";

/// The share of one named input or output.
struct StreamCount {
  std::string name;
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  std::string
      verified_by{};  ///< the checksum that agreed, "nothing" if there was none; "" where none is looked for
};

/// Records that mrf-chunks left out, since their filter failed.
struct SkippedChunk {
  std::uint64_t number = 0;
  std::uint64_t first_record = 0;  ///< from 0 on
  std::uint64_t records = 0;
  std::string reason;  ///< how the filter ended
};

/// What a program counts while it runs; `--stats` writes it at the end, after a failure too.
struct Stats {
  std::uint64_t records_in = 0;
  std::uint64_t records_out = 0;
  bool counts_records_in = true;   ///< false where a program passes on what it does not look at
  bool counts_records_out = true;  ///< likewise
  std::uint64_t records_skipped = 0;
  Meter in;
  Meter out;
  std::vector<StreamCount> inputs;
  std::vector<StreamCount> outputs;
  std::vector<SkippedChunk> skipped;
  /// The return values of the filters of mrf-chunks, in the order of the chunks; empty for one without.
  std::vector<std::optional<std::string>> results;
  /// What only this program counts, by name; written behind the rest.
  std::vector<std::pair<std::string, double>> figures;
};

/// What --verbose says at the end: the records of each input and output, of which "-" is the standard one.
void note_counts(const Stats& stats);

}  // namespace mrf::io
