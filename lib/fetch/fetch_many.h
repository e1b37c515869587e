// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <vector>

#include "fetch/fetch_object.h"
#include "fetch/manifest.h"
#include "fetch/outcome.h"
#include "fetch/progress.h"
#include "io/stats.h"

namespace mrf::fetch {

struct ManyOptions {
  unsigned files = 8;  ///< at a time
  unsigned small_files =
      64;  ///< the same of small ones, where there are descriptors for them; at least `files`
  bool continue_after_error = false;
  bool verify_only = false;  ///< nothing is fetched, what is there is checked
};

/// Fetches the entries, `files` at a time: those that are smaller than the multipart threshold as
/// they come, then the others, by size. The size is what the list says, or else the first response; nothing
/// asks for it before.
/// A file that is there and agrees with the checksum of its entry is not fetched. Failures are said one by
/// one; why files are unverified is said once for all that have one reason; the last line of standard error
/// sums up. `outcomes` becomes what became of each entry, in their order, also when something is thrown.
/// Nothing more is begun after a failure, unless continue_after_error. Returns success, or the status of the
/// first of the entries that failed. Throws Interrupted, and says before how many files are there.
base::Status fetch_many(const FetchSettings& settings, const std::vector<ManifestEntry>& entries,
                        const ManyOptions& options, ProgressDisplay& display, io::Stats& stats,
                        std::vector<Outcome>& outcomes);

/// Runs `fetch` with a Progress that `display` shows. `outcome` is filled in after a failure, too.
void show_progress(ProgressDisplay& display, const http::Url& url, Outcome& outcome,
                   const std::function<Fetched(const Progress&)>& fetch);

/// The share of one object in a program's statistics.
void count(io::Stats& stats, const http::Url& url, const Fetched& fetched);

}  // namespace mrf::fetch
