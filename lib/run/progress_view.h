// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>

#include "run/input_tracker.h"
#include "run/tool_stats.h"

namespace mrf::run {

/// How far a run has come.
struct ProgressState {
  InputPosition input;
  double elapsed_s = 0;
  std::string busiest;               ///< the job that was busy for most of the last second; empty: none
  std::size_t busiest_columns = 16;  ///< its place in the bar: names are cut and filled up to it
};

/// "[####....]  50%  5.0 MiB/s  00:10  00:10 left  work", at most `columns` wide; records in place of bytes
/// where they are known, and without a total the amount in place of bar, share and time left. What has no
/// room is left out: the elapsed time first, then the job, then the rate.
std::string progress_bar(const ProgressState& state, std::size_t columns);

/// "50% of 198 MiB, 5.0 MiB/s, 00:12 left, busiest: work".
std::string progress_sentence(const ProgressState& state);

/// The event "progress" (mrf-run(1), --progress json), without the counts of jobs.
Json progress_event(const ProgressState& state);

}  // namespace mrf::run
