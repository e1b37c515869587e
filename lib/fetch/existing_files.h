// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <vector>

#include "fetch/digest.h"
#include "fetch/manifest.h"
#include "fetch/worker_pool.h"

namespace mrf::fetch {

/// What was found under the name of an entry's target.
struct ExistingFile {
  enum class State {
    unknown,     ///< not looked at yet
    missing,     ///< or not what the entry says: it is to be fetched
    good,        ///< what the entry says
    unverified,  ///< with verify_only: it is there, and the entry does not say what it is to be
  };
  State state = State::unknown;
  std::uint64_t bytes = 0;
  std::string digest;           ///< the bytes of the digest that is recorded; "" when there is none
  std::exception_ptr thrown{};  ///< an Error that looking at it threw
};

struct ExistingFilesOptions {
  bool verify_only = false;            ///< every file is looked at, and what is wrong is an Error
  bool required = false;               ///< the same for a file that nothing can verify
  bool unverified = false;             ///< the checksums are not to be looked at
  std::uint64_t s3_part_size = 0;      ///< bytes; 0 is to be found out
  std::optional<DigestKind> record{};  ///< a digest that is wanted besides
  unsigned at_a_time = 4;              ///< threads of the pool that are busy with it
};

/// Which files of a list are there already and what its entries say. One that differs is a warning. They are
/// looked at in the order of the list, ahead of those who ask, several at a time: many small ones by one job
/// of a pool, so that 20,000 of them cost little more than reading them. One thread owns the object; it is
/// told of what the pool found by WorkerPool::run_done().
class ExistingFiles {
 public:
  /// The references outlive the object.
  ExistingFiles(const std::vector<ManifestEntry>& entries, ExistingFilesOptions options, WorkerPool& pool);
  ExistingFiles(const ExistingFiles&) = delete;
  ExistingFiles& operator=(const ExistingFiles&) = delete;

  /// What is known of entry `number`. The first call starts the work. Throws what a job threw, but no Error.
  const ExistingFile& operator[](std::size_t number);
  /// No further file is begun; what of one that is being read is not known then.
  void stop() { stopped_ = true; }

 private:
  void post_jobs();
  void look_at_some(std::vector<std::size_t>& seen, std::optional<std::size_t>& large);
  void look_at(std::size_t number);
  ExistingFile examine(const ManifestEntry& entry) const;
  bool is_large(const ManifestEntry& entry) const;
  void post_large(std::size_t number);

  const std::vector<ManifestEntry>& entries_;
  ExistingFilesOptions options_;
  WorkerPool& pool_;
  std::vector<ExistingFile> files_;   ///< written by the job that looks at one
  std::vector<bool> seen_;            ///< whose job has ended
  std::atomic<std::size_t> next_{0};  ///< the first that no job has taken
  std::atomic<bool> stopped_{false};
  unsigned jobs_ = 0;
  std::exception_ptr thrown_;
};

}  // namespace mrf::fetch
