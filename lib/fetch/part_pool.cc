// SPDX-License-Identifier: MIT
#include "fetch/part_pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "http/server_reason.h"

namespace mrf::fetch {

namespace {

// An object that shows so many versions changes faster than it can be fetched.
constexpr unsigned most_changes = 2;

}  // namespace

PartPool::PartPool(ObjectOutput& output, PartSizes sizes, std::string name)
    : output_(output), sizes_(sizes), name_(std::move(name)) {}

PartPool::Next PartPool::claim(Claim& claim) {
  const std::lock_guard lock(mutex_);
  if (failed_) return Next::over;
  claim = {};
  claim.generation = generation_;
  claim.id = ++last_id_;
  claim.stored_form = stored_form_;
  claim.from = location_;
  if (!started_) {
    if (asked_first_) return Next::wait;
    asked_first_ = true;
    return Next::claimed;
  }
  if (parts_.empty()) return Next::over;
  auto part = std::find_if(parts_.begin(), parts_.end(), [](const auto& p) { return p.second.owner == 0; });
  if (part == parts_.end()) return Next::wait;
  const bool is_alone = whole_id_ == 0 && std::all_of(parts_.begin(), parts_.end(),
                                                      [](const auto& p) { return p.second.owner == 0; });
  if (!is_alone && is_single()) return Next::wait;
  const std::uint64_t at = part->second.at;
  if (part->first != unknown_end && !output_.has_room(at, at + std::min(part->first - at, fitting_)))
    return Next::no_room;
  part = cut(part);
  part->second.owner = claim.id;
  part->second.accepted = false;
  claim.part = part->first;
  claim.at = claim.position = at;
  claim.end = part->first;
  claim.etag = version_.etag;
  claim.ranged =
      !ranges_ignored_ && claim.etag && (at > 0 || claim.end != version_.total.value_or(unknown_end));
  claim.if_match = claim.ranged && if_match_;
  return Next::claimed;
}

// A part of the size that is asked for at a time, off the front of a longer one.
PartPool::Parts::iterator PartPool::cut(Parts::iterator part) {
  const std::uint64_t at = part->second.at;
  if (is_single() || part->first - at <= step_) return part;
  part->second.at = at + step_;
  return parts_.emplace(at + step_, Part{at}).first;
}

std::vector<std::string> PartPool::request_fields(const Claim& claim) {
  std::vector<std::string> fields{claim.stored_form ? "Accept-Encoding: gzip" : "Accept-Encoding: identity"};
  if (!claim.ranged) return fields;
  fields.push_back(claim.end == unknown_end ? fmt::format("Range: bytes={}-", claim.at)
                                            : fmt::format("Range: bytes={}-{}", claim.at, claim.end - 1));
  if (claim.if_match) fields.push_back("If-Match: " + claim.etag.value());
  return fields;
}

bool PartPool::is_stale(const Claim& claim) const {
  if (failed_ || claim.generation != generation_) return true;
  if (!started_ || whole_id_ == claim.id) return false;
  const auto part = parts_.find(claim.part);
  return part == parts_.end() || part->second.owner != claim.id;
}

bool PartPool::has_room(const Claim& claim, std::size_t bytes) const {
  const std::lock_guard lock(mutex_);
  return is_stale(claim) || output_.has_room(claim.position, claim.position + bytes);
}

bool PartPool::is_early(const Claim& claim) const {
  const std::lock_guard lock(mutex_);
  return !is_stale(claim) && output_.is_early(claim.position);
}

bool PartPool::accept(Claim& claim, const http::ResponseHead& head) {
  const std::unique_lock gate(gate_);
  const std::lock_guard lock(mutex_);
  if (is_stale(claim)) {
    claim.enough = true;
    return false;
  }
  if (head.status() != 200 && head.status() != 206)
    throw base::DataError("fetch", name_,
                          fmt::format("the server answers {}", http::server_reason(head, "")));
  if (const auto fault = head.length_fault(); !fault.empty()) throw base::DataError("fetch", name_, fault);
  if (!started_ && !stored_form_ && head.is_decoded()) {
    stored_form_ = claim.enough = true;
    return false;
  }
  if (head.status() == 206 && !is_range_asked_for(claim, head)) {
    claim.objection = "the server sends another range than it was asked for";
    ranges_ignored_ = true;
    return false;
  }
  if (!started_) return begin(claim, head);
  if (!http::surely_equal(version_, http::version_of(head))) return accept_other_version(claim, head);
  if (head.status() == 200) return accept_whole(claim);
  ranges_work_ = true;
  parts_.at(claim.part).accepted = true;
  return true;
}

// Only the very range asked for is of use (RFC 9110, 15.3.7).
bool PartPool::is_range_asked_for(const Claim& claim, const http::ResponseHead& head) const {
  const auto range = head.content_range();
  if (!claim.ranged || !range || !range->satisfied || !range->total) return false;
  const auto length = head.content_length();
  const std::uint64_t end = claim.end == unknown_end ? *range->total : claim.end;
  return range->first == claim.at && range->last + 1 == end &&
         (!length || *length == range->last - range->first + 1);
}

bool PartPool::begin(Claim& claim, const http::ResponseHead& head) {
  asked_first_ = true;
  version_ = http::version_of(head);
  make_parts(output_.begin(head, version_));
  started_ = true;
  claim.position = 0;
  claim.whole = true;
  whole_id_ = claim.id;
  if (!parts_.empty() && parts_.begin()->second.at == 0) {
    const auto part = cut(parts_.begin());
    part->second.owner = claim.id;
    part->second.accepted = true;
    claim.part = part->first;
  }
  changed_state_.notify_all();
  return true;
}

// The gaps between what is there already.
void PartPool::make_parts(const std::vector<ByteRange>& there) {
  parts_.clear();
  const std::uint64_t total = version_.total.value_or(unknown_end);
  const bool is_cut = version_.total && version_.etag && sizes_.concurrency > 1 && total >= sizes_.threshold;
  fitting_ =
      output_.in_order() ? std::min(sizes_.part, sizes_.window / (sizes_.concurrency + 1)) : sizes_.part;
  step_ = is_cut ? fitting_ : unknown_end;
  std::uint64_t at = 0;
  for (const auto& [begin, end] : there) {
    if (at < begin) parts_[begin] = {at};
    bytes_ += end - begin;
    at = end;
  }
  if (at < total) parts_[total] = {at};
}

bool PartPool::accept_whole(Claim& claim) {
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
  parts_.at(claim.part).accepted = true;
  return true;
}

bool PartPool::accept_other_version(Claim& claim, const http::ResponseHead& head) {
  if (whole_id_ != 0) {  // that response brings what is missing, all of its own version
    is_single_ = claim.enough = true;
    return false;
  }
  claim.objection = "the object changed while it was fetched";
  if (!output_.can_forget() && changes_ < most_changes) {  // another mirror may have the first version
    ++changes_;
    is_single_ = true;
    return false;
  }
  changed();
  claim.generation = generation_;
  return head.status() == 200 && begin(claim, head);
}

void PartPool::start_over(base::Status status, const std::string& reason) {
  output_.forget(status, reason);
  ++generation_;
  parts_.clear();
  bytes_ = 0;
  whole_id_ = 0;
  started_ = asked_first_ = ranges_work_ = ranges_ignored_ = false;
}

void PartPool::changed() {
  if (++changes_ > most_changes && output_.can_forget())
    throw base::DataError("fetch", name_, "the object changes while it is fetched");
  is_single_ = true;
  start_over(base::Status::bad_data, "the object changed while it was fetched");
}

void PartPool::version_is_gone() {
  const std::unique_lock gate(gate_);
  const std::lock_guard lock(mutex_);
  if (!started_) return;
  if (whole_id_ != 0) {
    is_single_ = true;
  } else {
    changed();
  }
}

bool PartPool::goes_on_without_ranges(const Claim& claim) {
  const std::lock_guard lock(mutex_);
  if (!claim.ranged) return false;
  if (claim.generation != generation_ || !parts_.count(claim.part)) return true;  // nobody needs that part
  if (whole_id_ == 0 && ranges_work_ && !ranges_ignored_) return false;
  ranges_ignored_ = true;
  return true;
}

void PartPool::leave_if_match_away() {
  const std::lock_guard lock(mutex_);
  if_match_ = false;
}

void PartPool::interrupted(const std::string& reason) {
  const std::unique_lock gate(gate_);
  const std::lock_guard lock(mutex_);
  if (started_ && !version_.etag) start_over(base::Status::unavailable, reason);
}

void PartPool::set_location(std::optional<http::Request> location) {
  const std::lock_guard lock(mutex_);
  location_ = std::move(location);
}

// Of the next `bytes` of a response, how many the output takes at the claim's part, after the first
// `skip` of them, which are there already or come from another. Both zero: no more is needed.
std::uint64_t PartPool::next_piece(Claim& claim, std::uint64_t bytes, std::uint64_t& skip) {
  const std::lock_guard lock(mutex_);
  skip = 0;
  if (is_stale(claim)) return 0;
  if (claim.position >= (claim.whole ? version_.total.value_or(unknown_end) : claim.end))
    throw base::DataError("fetch", name_, "the server sends more bytes than it said");
  const auto found = parts_.upper_bound(claim.position);
  if (found == parts_.end()) return 0;
  const Part& part = found->second;
  const bool is_foreign = part.owner != 0 && part.owner != claim.id && part.accepted;
  if (is_foreign || part.at < claim.position) {
    if (is_single()) skip = std::min(bytes, found->first - claim.position);
    return 0;
  }
  if (part.at > claim.position) {
    if (!is_single()) return 0;
    skip = std::min(bytes, part.at - claim.position);
    if (skip == bytes) return 0;
  }
  const auto mine = part.owner == claim.id ? found : cut(found);
  mine->second.owner = claim.id;
  mine->second.accepted = true;
  claim.part = mine->first;
  return std::min(bytes - skip, mine->first - mine->second.at);
}

void PartPool::advance(const Claim& claim, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  const auto part = parts_.find(claim.part);
  part->second.at += bytes;
  if (part->second.at == part->first) parts_.erase(part);
  bytes_ += bytes;
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
    advance(claim, taken);
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
  const auto part = parts_.find(claim.part);
  if (part == parts_.end()) return claim.enough || complete;
  if (part->second.owner != claim.id) return claim.enough;
  part->second.owner = 0;
  part->second.accepted = false;
  if (!complete || part->first != unknown_end) return claim.enough;
  parts_.erase(part);
  return true;
}

bool PartPool::is_parallel() const {
  const std::lock_guard lock(mutex_);
  return started_ && step_ != unknown_end && version_.total && *version_.total > step_ && !is_single();
}

bool PartPool::is_over() const {
  const std::lock_guard lock(mutex_);
  return failed_ || (started_ && parts_.empty());
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

}  // namespace mrf::fetch
