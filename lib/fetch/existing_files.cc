// SPDX-License-Identifier: MIT
#include "fetch/existing_files.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/error.h"
#include "base/message.h"
#include "fetch/stoppable_pipe.h"
#include "fetch/verify_file.h"

namespace mrf::fetch {

namespace {

using State = ExistingFile::State;

// A job ends after so many files or bytes, so that what it found is soon known.
constexpr std::size_t most_files_of_job = 128;
constexpr std::uint64_t most_bytes_of_job = 8 << 20;

}  // namespace

ExistingFiles::ExistingFiles(const std::vector<ManifestEntry>& entries, ExistingFilesOptions options,
                             WorkerPool& pool)
    : entries_(entries), options_(options), pool_(pool), files_(entries.size()), seen_(entries.size()) {}

const ExistingFile& ExistingFiles::operator[](std::size_t number) {
  static const ExistingFile unknown;
  if (thrown_) std::rethrow_exception(thrown_);
  post_jobs();
  return seen_[number] ? files_[number] : unknown;
}

void ExistingFiles::post_jobs() {
  const unsigned most = std::max(1U, std::min(options_.at_a_time, pool_.most()));
  while (jobs_ < most && next_ < entries_.size() && !stopped_ && !thrown_) {
    ++jobs_;
    struct Result {
      std::vector<std::size_t> seen;
      std::optional<std::size_t> large;
    };
    const auto result = std::make_shared<Result>();
    pool_.post([this, result] { look_at_some(result->seen, result->large); },
               [this, result](const std::exception_ptr& thrown) {
                 --jobs_;
                 if (thrown && !thrown_) thrown_ = thrown;
                 for (const std::size_t number : result->seen) seen_[number] = true;
                 if (result->large && !stopped_) post_large(*result->large);
                 post_jobs();
               });
    // Without threads, post() has done the work, and pool_.run_done() reports it.
    if (pool_.most() == 0) return;
  }
}

// A large file has a job of its own, so that the small ones before it need not wait for it.
void ExistingFiles::post_large(std::size_t number) {
  ++jobs_;
  pool_.post([this, number] { look_at(number); },
             [this, number](const std::exception_ptr& thrown) {
               --jobs_;
               if (thrown && !thrown_) thrown_ = thrown;
               seen_[number] = true;
               post_jobs();
             });
}

void ExistingFiles::look_at_some(std::vector<std::size_t>& seen, std::optional<std::size_t>& large) {
  std::uint64_t bytes = 0;
  while (seen.size() < most_files_of_job && bytes < most_bytes_of_job && !stopped_) {
    const std::size_t number = next_++;
    if (number >= entries_.size()) return;
    if (!seen.empty() && is_large(entries_[number])) {
      large = number;
      return;
    }
    look_at(number);
    bytes += files_[number].bytes;
    seen.push_back(number);
  }
}

bool ExistingFiles::is_large(const ManifestEntry& entry) const {
  struct stat info {};
  return (entry.expectation || options_.record) && ::stat(entry.target.c_str(), &info) == 0 &&
         S_ISREG(info.st_mode) && static_cast<std::uint64_t>(info.st_size) >= most_bytes_of_job;
}

void ExistingFiles::look_at(std::size_t number) {
  ExistingFile& file = files_[number];
  file.state = State::missing;
  try {
    file = examine(entries_[number]);
  } catch (const base::Error&) {
    file.thrown = std::current_exception();
  } catch (const Stopped&) {
    file.state = State::unknown;
  }
}

ExistingFile ExistingFiles::examine(const ManifestEntry& entry) const {
  const bool only = options_.verify_only;
  const bool is_claimed = entry.expectation && !entry.unverified && !options_.unverified;
  ExistingFile found{State::missing, 0, "", {}};
  if (!only && !is_claimed) return found;
  struct stat info {};
  const bool exists = ::stat(entry.target.c_str(), &info) == 0;
  if (!exists && only) throw base::SystemError("open", entry.target);
  if (!exists || !S_ISREG(info.st_mode)) {
    if (only) throw base::Error(base::Status::failure, "verify", entry.target, "it is no regular file");
    return found;
  }
  FileClaim claim{std::nullopt, entry.size, options_.s3_part_size};
  if (is_claimed) claim.expectation = entry.expectation;
  FileFacts facts = verify_file(entry.target, claim, options_.record, [this] { return stopped_.load(); });
  if (!facts.fault.empty() && only) throw base::DataError("verify", entry.target, facts.fault);
  if (only && options_.required && !is_claimed && !entry.unverified && !options_.unverified)
    throw base::DataError("verify", entry.target, "the list names no checksum of it");
  found.bytes = facts.bytes;
  if (!facts.fault.empty()) {
    base::warn(fmt::format("'{}' is fetched again: {}", entry.target, facts.fault));
    return found;
  }
  found.state = is_claimed ? State::good : State::unverified;
  found.digest = std::move(facts.digest);
  return found;
}

}  // namespace mrf::fetch
