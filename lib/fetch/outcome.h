// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"

namespace mrf::fetch {

/// What became of one file.
struct Outcome {
  enum class End {
    untried,  ///< a failure before it ended the run
    fetched,
    there,  ///< already, and it verifies; or with --verify-only nothing can verify it
    failed,
  };
  End end = End::untried;
  std::string url;  ///< without secrets; "" when the list names none
  std::string target;
  std::uint64_t bytes = 0;
  std::uint64_t continued = 0;  ///< those of them that an earlier run left
  double wall_s = 0;
  std::string verified_by;     ///< the checksum that matched; "" when none did
  std::string doubt;           ///< why nothing verified it; "" when the user wants that, and after a failure
  bool size_is_known = false;  ///< who names no checksum names the size, and it agrees
  std::string digest;  ///< the bytes of the digest that --write-checksums records; "" when there is none
  base::Status status = base::Status::success;
  std::string error;
};

/// How many files ended how.
struct OutcomeCounts {
  std::size_t files = 0;
  std::size_t fetched = 0;
  std::size_t there = 0;
  std::size_t unverified = 0;  ///< of those that were fetched or are there
  std::size_t failed = 0;
  std::size_t untried = 0;
  std::uint64_t bytes_fetched = 0;    ///< of the files that were fetched
  std::uint64_t bytes_continued = 0;  ///< those of them that earlier runs left
};

OutcomeCounts count_outcomes(const std::vector<Outcome>& outcomes);

/// "fetched 2 of 4 files, 500 bytes in 0.1 s; 2 there already, 0 unverified, 0 failed", with --verify-only
/// "verified 3 of 4 files; 1 unverified, 0 failed".
std::string summary_of(const OutcomeCounts& counts, double wall_s, bool verify_only);

/// One sentence for each reason why files are unverified: how many, the first of them, the reason.
std::vector<std::string> doubts_of(const std::vector<Outcome>& outcomes);

/// What is known of data that no checksum verifies: "the server names no checksum; size 1.2 GiB agrees".
std::string doubt_text(const std::string& reason, bool size_is_known, std::uint64_t bytes);

/// The object of --progress json for a file that has ended, one line without its newline.
std::string file_event(const Outcome& outcome);
/// The last object of --progress json for a list. `status` is the one that the program ends with.
std::string end_event(const OutcomeCounts& counts, double wall_s, int status);

/// What --report says of a run.
struct ReportHead {
  std::string tool;
  std::string version;
  std::string list;  ///< its name; "" when there is none
  int status = 0;
  std::uint64_t bytes_in = 0;  ///< over the network
  double wall_s = 0;
};

/// The JSON of --report: the head, the counts, and "outcomes", an object for each file in the order of the
/// list.
std::string report_text(const ReportHead& head, const std::vector<Outcome>& outcomes);

/// The list of --write-checksums: a line of md5sum(1) or sha256sum(1) for each file that has a digest.
std::string checksum_list_of(const std::vector<Outcome>& outcomes);

}  // namespace mrf::fetch
