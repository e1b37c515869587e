// SPDX-License-Identifier: MIT
#include "fetch/part_pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace mrf {

PartPool::PartPool(ObjectOutput& output, PartSizes sizes, std::string name)
    : output_(output), sizes_(sizes), name_(std::move(name)) {}

PartPool::Next PartPool::claim(Claim& claim) {
  const std::lock_guard lock(mutex_);
  if (failed_) return Next::over;
  claim = {};
  claim.generation = generation_;
  claim.id = ++last_id_;
  if (!started_) {
    if (asked_first_) return Next::wait;
    asked_first_ = true;
    return Next::claimed;
  }
  const auto part =
      std::find_if(parts_.begin(), parts_.end(), [](const Part& p) { return p.owner == 0 && !p.done(); });
  if (part == parts_.end())
    return std::all_of(parts_.begin(), parts_.end(), [](const Part& p) { return p.done(); }) ? Next::over
                                                                                             : Next::wait;
  const bool alone =
      whole_id_ != 0 || std::any_of(parts_.begin(), parts_.end(), [](const Part& p) { return p.owner != 0; });
  if (alone && ranges_ignored_) return Next::wait;
  if (part->end != unknown_end && !output_.has_room(part->at, part->end)) return Next::no_room;
  part->owner = claim.id;
  part->accepted = false;
  claim.part = static_cast<std::size_t>(part - parts_.begin());
  claim.at = claim.position = part->at;
  claim.end = part->end;
  claim.ranged = !ranges_ignored_ && version_.etag && (part->at > 0 || parts_.size() > 1);
  return Next::claimed;
}

std::vector<std::string> PartPool::request_fields(const Claim& claim) const {
  std::vector<std::string> fields{"Accept-Encoding: identity"};
  if (!claim.ranged) return fields;
  fields.push_back(claim.end == unknown_end ? fmt::format("Range: bytes={}-", claim.at)
                                            : fmt::format("Range: bytes={}-{}", claim.at, claim.end - 1));
  fields.push_back("If-Match: " + version_.etag.value());
  return fields;
}

bool PartPool::is_stale(const Claim& claim) const {
  if (failed_ || claim.generation != generation_) return true;
  return started_ && (parts_.empty() || parts_[claim.part].owner != claim.id) && whole_id_ != claim.id;
}

bool PartPool::has_room(const Claim& claim, std::size_t bytes) const {
  const std::lock_guard lock(mutex_);
  return is_stale(claim) || output_.has_room(claim.position, claim.position + bytes);
}

bool PartPool::is_early(const Claim& claim) const {
  const std::lock_guard lock(mutex_);
  return !is_stale(claim) && output_.is_early(claim.position);
}

// Of the next `bytes` of a response, how many the output takes at parts_[claim.part].at, after the first
// `skip` of them, which are there already. Both zero: no more is needed.
std::uint64_t PartPool::next_piece(Claim& claim, std::uint64_t bytes, std::uint64_t& skip) {
  const std::lock_guard lock(mutex_);
  skip = 0;
  if (is_stale(claim)) return 0;
  for (;;) {
    Part& part = parts_[claim.part];
    const bool mine = part.owner == claim.id;
    const bool foreign = part.owner != 0 && !mine && part.accepted;
    if (!part.done() && !foreign) {
      part.owner = claim.id;
      part.accepted = true;
      skip = std::min(bytes, part.at - claim.position);
      return std::min(bytes - skip, part.end - part.at);
    }
    if (!claim.whole || claim.part + 1 == parts_.size()) {
      if (part.done() && claim.position >= part.end)
        throw DataError("fetch", name_, "the server sends more bytes than it said");
    }
    if (mine) part.owner = 0;
    if (!ranges_ignored_ && (foreign || parts_.size() > 1)) {
      const bool next_is_free = part.done() && claim.position == part.end && claim.part + 1 < parts_.size();
      if (!next_is_free) return 0;
      const Part& next = parts_[claim.part + 1];
      if (next.done() || next.accepted) return 0;
    } else if (claim.position < part.end) {
      skip = std::min(bytes, part.end - claim.position);
      return 0;
    }
    ++claim.part;
  }
}

bool PartPool::take(Claim& claim, std::string_view bytes) {
  const std::shared_lock gate(gate_);
  while (!bytes.empty()) {
    std::uint64_t skip = 0;
    const std::uint64_t taken = next_piece(claim, bytes.size(), skip);
    if (skip + taken == 0) {
      claim.enough = true;
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(skip));
    claim.position += skip;
    if (taken == 0) continue;
    output_.take(claim.position, bytes.substr(0, static_cast<std::size_t>(taken)));
    bytes.remove_prefix(static_cast<std::size_t>(taken));
    claim.position += taken;
    const std::lock_guard lock(mutex_);
    parts_[claim.part].at += taken;
    bytes_ += taken;
  }
  return true;
}

bool PartPool::end(Claim& claim, bool complete) {
  const std::lock_guard lock(mutex_);
  changed_state_.notify_all();
  if (claim.generation != generation_) return true;
  if (!started_) {
    asked_first_ = false;
    return claim.enough;
  }
  if (whole_id_ == claim.id) whole_id_ = 0;
  Part& part = parts_[claim.part];
  if (part.owner == claim.id) {
    part.owner = 0;
    part.accepted = false;
    if (complete && part.end == unknown_end) part.end = part.at;
  }
  return claim.enough || (complete && part.done());
}

bool PartPool::is_parallel() const {
  const std::lock_guard lock(mutex_);
  return started_ && parts_.size() > 1 && !ranges_ignored_;
}

bool PartPool::is_over() const {
  const std::lock_guard lock(mutex_);
  return failed_ ||
         (started_ && std::all_of(parts_.begin(), parts_.end(), [](const Part& p) { return p.done(); }));
}

void PartPool::fail(std::exception_ptr thrown) {
  const std::lock_guard lock(mutex_);
  if (!failed_) thrown_ = std::move(thrown);
  failed_ = true;
  changed_state_.notify_all();
}

void PartPool::rethrow() const {
  const std::lock_guard lock(mutex_);
  if (thrown_) std::rethrow_exception(thrown_);
}

void PartPool::wait_for_others() {
  std::unique_lock lock(mutex_);
  changed_state_.wait_for(lock, std::chrono::milliseconds(50));
}

std::uint64_t PartPool::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

std::optional<std::uint64_t> PartPool::total() const {
  const std::lock_guard lock(mutex_);
  return version_.total;
}

}  // namespace mrf
