// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shard/plan.h"
#include "shard/receipt.h"

namespace mrf::shard {

/// The attempts at a shard that were begun.
struct Attempts {
  std::size_t count = 0;
  std::string last_part;  ///< the name of the part that the last one makes or has made; empty: there was none
  std::string last_host;  ///< the machine of the last one, as host_name() is there
};

/// The directory of a sharded run: plan.json, receipts/, parts/ and attempts/. What is published there is on
/// disk before it has its name, appears whole, and is never replaced, whoever publishes at the same time on
/// whatever machine.
class Directory {
 public:
  explicit Directory(std::string path) : path_(std::move(path)) {}

  const std::string& path() const { return path_; }
  std::string plan_path() const { return path_ + "/plan.json"; }
  std::string receipt_path(std::size_t shard) const;
  /// Of RunLock (run_lock.h).
  std::string lock_path() const { return path_ + "/mrf-run.lock"; }
  std::string part_path(const std::string& part) const { return path_ + "/parts/" + part; }
  /// Where the report of the attempt is that makes this part; empty before its end.
  std::string attempt_path(const std::string& part) const;

  /// Throws SystemError where make() cannot make it or what is in it, and UsageError for a directory that
  /// holds other files and no plan.
  void check_place() const;
  /// Makes what is not there. Throws as check_place() does.
  void make() const;
  /// Makes the directory of the shards' logs (shard_log.h). Throws SystemError, and Error for a log that is
  /// no regular file.
  void make_logs() const;
  /// The names of what is in it; none when it is not there. Throws SystemError.
  std::set<std::string> names_of_logs() const;
  /// The text of the plan; nothing when there is none. Throws SystemError.
  std::optional<std::string> read_plan() const;
  /// Throws SystemError, and DataError for what is no receipt.
  std::optional<Receipt> read_receipt(std::size_t shard) const;
  /// False when there is one already, which stays. Throws SystemError.
  bool publish_plan(const std::string& text) const;
  bool publish_receipt(const Receipt& receipt) const;
  /// The shards of `plan` that have no receipt.
  std::vector<std::size_t> missing(const Plan& plan) const;
  /// Those whose receipt is damaged, or is not of the plan with this digest and of the shard. Throws
  /// SystemError.
  std::vector<std::size_t> unusable(const Plan& plan, const std::string& digest) const;
  /// Lets the next look see what other machines have published: NFS shows a directory as it was some time
  /// ago, until this machine changes it. Best effort.
  void renew() const noexcept;
  /// Makes the file of an attempt at a shard, empty: attempt_path() of the part that it will have. Throws
  /// SystemError.
  void begin_attempt(const std::string& part) const;
  /// The attempts at each of `shards` shards. Throws SystemError.
  std::vector<Attempts> attempts(std::size_t shards) const;
  /// Throws SystemError.
  void remove_part(const std::string& part) const;
  /// Removes the parts that are none of these receipts, known by their names. Throws SystemError.
  void remove_other_parts(const std::vector<Receipt>& receipts) const;
  /// Removes what the steps and the engines made, known by the names, the plan and the lock last. What others
  /// put there stays. Throws SystemError.
  void clear() const;
  /// Removes the directory after clear(), unless it is the working directory or the next run has begun there.
  /// NFS keeps a file that is open: the lock must have been given back. Throws SystemError, and Error when
  /// the directory stays for other files.
  void remove() const;

 private:
  std::string path_;
};

/// One that is there already is no error. Throws SystemError.
void make_directory(const std::string& path);

/// The whole of a file; nothing when there is none of that name. Throws SystemError, and Error for what is no
/// regular file.
std::optional<std::string> read_file(const std::string& path);

/// Whether a file that mrf-run writes anew is one that it wrote: one of its first two lines begins with
/// `mark`.
bool is_own_file(const std::string& path, std::string_view mark);
/// Throws UsageError when there is another file at `path`.
void refuse_foreign_file(const std::string& path, std::string_view mark);

/// A name that no other attempt at `shard` has, on any machine, and that ends with `ending`.
std::string unique_part(std::size_t shard, const std::string& ending);
/// This machine's name, of characters that a file name can have.
std::string host_name();

}  // namespace mrf::shard
