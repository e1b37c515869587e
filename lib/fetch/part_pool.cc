// SPDX-License-Identifier: MIT
#include "fetch/part_pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "fetch/server_reason.h"
#include "sys/error.h"

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

bool PartPool::accept(Claim& claim, const ResponseHead& head) {
  const std::unique_lock gate(gate_);
  const std::lock_guard lock(mutex_);
  if (is_stale(claim)) {
    claim.enough = true;
    return false;
  }
  if (head.status() != 200 && head.status() != 206)
    throw DataError("fetch", name_, fmt::format("the server answers {}", server_reason(head, "")));
  if (head.status() == 206 && !is_range_asked_for(claim, head)) {
    claim.objection = "the server sends another range than it was asked for";
    ranges_ignored_ = true;
    return false;
  }
  if (!started_) return begin(claim, head);
  if (!surely_equal(version_, version_of(head))) {
    changed();
    claim.generation = generation_;
    if (head.status() == 200) return begin(claim, head);
    claim.objection = "the object changed while it was fetched";
    return false;
  }
  if (head.status() == 200) return accept_whole(claim, head);
  ranges_work_ = true;
  parts_[claim.part].accepted = true;
  return true;
}

// Only the very range asked for is of use (RFC 9110, 15.3.7).
bool PartPool::is_range_asked_for(const Claim& claim, const ResponseHead& head) const {
  const auto range = head.content_range();
  if (!claim.ranged || !range || !range->satisfied || !range->total) return false;
  const auto length = head.content_length();
  const std::uint64_t end = claim.end == unknown_end ? *range->total : claim.end;
  return range->first == claim.at && range->last + 1 == end &&
         (!length || *length == range->last - range->first + 1);
}

bool PartPool::begin(Claim& claim, const ResponseHead& head) {
  asked_first_ = true;
  version_ = version_of(head);
  make_parts(output_.begin(head, version_));
  started_ = true;
  claim.part = 0;
  claim.position = 0;
  claim.whole = true;
  whole_id_ = claim.id;
  if (!parts_[0].done()) {
    parts_[0].owner = claim.id;
    parts_[0].accepted = true;
  }
  changed_state_.notify_all();
  return true;
}

// What is there already becomes parts that are done.
void PartPool::make_parts(const std::vector<ByteRange>& there) {
  parts_.clear();
  const std::uint64_t total = version_.total.value_or(unknown_end);
  const bool cut = version_.total && version_.etag && sizes_.concurrency > 1 && total >= sizes_.threshold;
  const std::uint64_t fitting =
      output_.in_order() ? std::min(sizes_.part, sizes_.window / (sizes_.concurrency + 1)) : sizes_.part;
  const std::uint64_t step = cut ? fitting : unknown_end;
  std::uint64_t at = 0;
  const auto add_missing = [&](std::uint64_t end) {
    while (at < end) {
      const std::uint64_t next = step < end - at ? at + step : end;
      parts_.push_back({at, next});
      at = next;
    }
  };
  for (const auto& [begin, end] : there) {
    add_missing(begin);
    parts_.push_back({end, end});
    bytes_ += end - begin;
    at = end;
  }
  add_missing(total);
  if (parts_.empty()) parts_.push_back({0, 0});
}

bool PartPool::accept_whole(Claim& claim, const ResponseHead&) {
  if (claim.ranged && ranges_work_ && !ranges_ignored_) {
    claim.objection = "the server sends the whole object instead of a range";
    return false;
  }
  if (claim.ranged) ranges_ignored_ = true;
  if (whole_id_ != 0) {
    claim.enough = true;
    return false;
  }
  claim.whole = true;
  claim.position = 0;
  whole_id_ = claim.id;
  parts_[claim.part].accepted = true;
  return true;
}

bool PartPool::has_room(const Claim& claim, std::size_t bytes) const {
  const std::lock_guard lock(mutex_);
  return is_stale(claim) || output_.has_room(claim.position, claim.position + bytes);
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

void PartPool::start_over(Status status, const std::string& reason) {
  output_.forget(status, reason);
  ++generation_;
  parts_.clear();
  bytes_ = 0;
  whole_id_ = 0;
  started_ = asked_first_ = ranges_work_ = ranges_ignored_ = false;
}

void PartPool::changed() {
  if (has_changed_) throw DataError("fetch", name_, "the object changes while it is fetched");
  has_changed_ = true;
  start_over(Status::bad_data, "the object changed while it was fetched");
}

void PartPool::version_is_gone() {
  const std::unique_lock gate(gate_);
  const std::lock_guard lock(mutex_);
  if (started_) changed();
}

void PartPool::interrupted(const std::string& reason) {
  const std::unique_lock gate(gate_);
  const std::lock_guard lock(mutex_);
  if (started_ && !version_.etag) start_over(Status::unavailable, reason);
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
