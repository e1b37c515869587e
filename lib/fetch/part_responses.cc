// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "fetch/part_pool.h"
#include "http/server_reason.h"

namespace mrf {

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

}  // namespace mrf
