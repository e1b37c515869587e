// SPDX-License-Identifier: MIT
#include "fetch/object_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "http/redirect.h"
#include "http/server_reason.h"

namespace mrf::fetch {

namespace {

// An object that shows so many versions changes faster than it can be fetched.
constexpr unsigned most_changes = 2;

std::string not_whole(const http::ResponseHead& head) {
  const auto range = head.field("Content-Range");
  return fmt::format("the server answers HTTP 206 {} to a request for the whole object",
                     range ? fmt::format("with 'Content-Range: {}'", *range) : "without a Content-Range");
}

}  // namespace

ObjectPlan::ObjectPlan(http::Url url, FetchOptions options, PartSizes sizes, std::uint64_t put_off_from)
    : url_(std::move(url)),
      options_(std::move(options)),
      sizes_(sizes),
      put_off_from_(put_off_from),
      name_(url_.shown()) {
  slots_.emplace_back(http::RetryPolicy(options_.retries, options_.random));
}

Commands ObjectPlan::on_time(Time now, const OutputState& output) {
  const std::size_t count = is_parallel() ? std::max(1U, sizes_.concurrency) : 1;
  while (slots_.size() < count) slots_.emplace_back(http::RetryPolicy(options_.retries, options_.random));
  waits_for_room_ = false;
  Commands commands;
  for (std::size_t number = 0; number < slots_.size(); ++number) {
    Slot& slot = slots_[number];
    if (!slot.runs && slot.due <= now && assign(slot, output)) commands.push_back(request_of(number));
  }
  return commands;
}

std::optional<ObjectPlan::Time> ObjectPlan::next_time(Time now) const {
  std::optional<Time> next;
  for (const Slot& slot : slots_) {
    if (!slot.runs && slot.due > now && (!next || slot.due < *next)) next = slot.due;
  }
  return next;
}

// False when there is nothing to ask for.
bool ObjectPlan::assign(Slot& slot, const OutputState& output) {
  if ((state_ != State::idle && state_ != State::running) || is_complete()) return false;
  Slot fresh(slot.policy);
  fresh.generation = generation_;
  fresh.stored_form = stored_form_;
  if (state_ == State::idle) {
    state_ = State::asked;
    first_id_ = last_id_ + 1;
  } else {
    auto part = std::find_if(parts_.begin(), parts_.end(), [](const auto& p) { return p.second.owner == 0; });
    if (part == parts_.end()) return false;
    const bool is_alone = whole_id_ == 0 && std::all_of(parts_.begin(), parts_.end(),
                                                        [](const auto& p) { return p.second.owner == 0; });
    if (!is_alone && is_single()) return false;
    const std::uint64_t at = part->second.at;
    if (part->first != unknown_end && at + std::min(part->first - at, fitting_) > output.room_end) {
      waits_for_room_ = true;
      return false;
    }
    part = cut(part);
    part->second.owner = last_id_ + 1;
    part->second.accepted = false;
    fresh.part = fresh.end = part->first;
    fresh.at = fresh.position = at;
    fresh.etag = version_.etag;
    fresh.ranged =
        !ranges_ignored_ && fresh.etag && (at > 0 || fresh.end != version_.total.value_or(unknown_end));
    fresh.if_match = fresh.ranged && if_match_;
  }
  fresh.id = ++last_id_;
  fresh.from_known_location = location_.has_value();
  fresh.request = location_.value_or(http::Request{url_, options_.headers});
  slot = std::move(fresh);
  return true;
}

// The request with the fields that ask for the range. What the user says of encodings comes first.
StartRequest ObjectPlan::request_of(std::size_t number) {
  Slot& slot = slots_[number];
  slot.runs = true;
  slot.head = {};
  std::vector<std::string> fields{slot.stored_form ? "Accept-Encoding: gzip" : "Accept-Encoding: identity"};
  if (slot.ranged) {
    fields.push_back(slot.end == unknown_end ? fmt::format("Range: bytes={}-", slot.at)
                                             : fmt::format("Range: bytes={}-{}", slot.at, slot.end - 1));
    if (slot.if_match) fields.push_back("If-Match: " + slot.etag.value());
  }
  http::Request request = *slot.request;
  for (auto& field : fields) {
    const bool is_said = std::any_of(options_.headers.begin(), options_.headers.end(), [&](const auto& line) {
      return http::equal_names(line.substr(0, line.find(':')), field.substr(0, field.find(':')));
    });
    if (!is_said) request.headers.push_back(std::move(field));
  }
  return {number, std::move(request)};
}

// A part of the size that is asked for at a time, off the front of a longer one.
ObjectPlan::Parts::iterator ObjectPlan::cut(Parts::iterator part) {
  const std::uint64_t at = part->second.at;
  if (is_single() || part->first - at <= step_) return part;
  part->second.at = at + step_;
  return parts_.emplace(at + step_, Part{at}).first;
}

bool ObjectPlan::is_parallel() const {
  return state_ == State::running && step_ != unknown_end && version_.total && *version_.total > step_ &&
         !is_single();
}

bool ObjectPlan::is_stale(const Slot& slot) const {
  if (slot.generation != generation_) return true;
  if (state_ != State::running || whole_id_ == slot.id) return false;
  const auto part = parts_.find(slot.part);
  return part == parts_.end() || part->second.owner != slot.id;
}

bool ObjectPlan::has_room(std::size_t slot, std::uint64_t bytes, const OutputState& output) const {
  return is_stale(slots_[slot]) || slots_[slot].position + bytes <= output.room_end;
}

bool ObjectPlan::is_early(std::size_t slot) const {
  return in_order_ && !is_stale(slots_[slot]) && !parts_.empty() &&
         slots_[slot].position > parts_.begin()->second.at;
}

Commands ObjectPlan::on_head(std::size_t number, const http::ResponseHead& head, const OutputState& output) {
  Slot& slot = slots_[number];
  slot.head = head;
  if (!head.is_success()) return {};
  if (slot.redirects > 0) location_ = slot.request;
  return accept(number, head, output);
}

Commands ObjectPlan::accept(std::size_t number, const http::ResponseHead& head, const OutputState& output) {
  Slot& slot = slots_[number];
  if (is_stale(slot)) {
    slot.enough = true;
    return {StopResponse{number}};
  }
  if (head.status() != 200 && head.status() != 206)
    throw base::DataError("fetch", name_,
                          fmt::format("the server answers {}", http::server_reason(head, "")));
  if (const auto fault = head.length_fault(); !fault.empty()) throw base::DataError("fetch", name_, fault);
  if (state_ != State::running && !stored_form_ && head.is_decoded()) {
    stored_form_ = slot.enough = true;
    return {StopResponse{number}};
  }
  if (!slot.ranged && !head.is_whole()) throw base::DataError("fetch", name_, not_whole(head));
  if (!head.is_whole() && !is_range_asked_for(slot, head)) {
    slot.objection = "the server sends another range than it was asked for";
    ranges_ignored_ = true;
    return {StopResponse{number}};
  }
  if (state_ != State::running) return begin(number, head);
  if (!http::surely_equal(version_, http::version_of(head)))
    return accept_other_version(number, head, output);
  if (head.is_whole()) return accept_whole(number);
  ranges_work_ = true;
  parts_.at(slot.part).accepted = true;
  return {};
}

// Only the very range asked for is of use (RFC 9110, 15.3.7).
bool ObjectPlan::is_range_asked_for(const Slot& slot, const http::ResponseHead& head) const {
  const auto range = head.content_range();
  if (!slot.ranged || !range || !range->satisfied || !range->total) return false;
  const auto length = head.content_length();
  const std::uint64_t end = slot.end == unknown_end ? *range->total : slot.end;
  return range->first == slot.at && range->last + 1 == end &&
         (!length || *length == range->last - range->first + 1);
}

Commands ObjectPlan::begin(std::size_t number, const http::ResponseHead& head) {
  version_ = http::version_of(head);
  if (version_.total.value_or(0) >= put_off_from_) {
    state_ = State::put_off;
    return {PutOff{*version_.total}, StopResponse{number}};
  }
  state_ = State::beginning;
  first_id_ = slots_[number].id;
  return {BeginOutput{number, version_}};
}

void ObjectPlan::on_begun(std::size_t number, const std::vector<ByteRange>& there, bool in_order) {
  Slot& slot = slots_[number];
  make_parts(there, in_order);
  state_ = State::running;
  slot.position = 0;
  slot.whole = true;
  whole_id_ = slot.id;
  if (parts_.empty() || parts_.begin()->second.at != 0) return;
  const auto part = cut(parts_.begin());
  part->second.owner = slot.id;
  part->second.accepted = true;
  slot.part = part->first;
}

// The gaps between what is there already.
void ObjectPlan::make_parts(const std::vector<ByteRange>& there, bool in_order) {
  parts_.clear();
  in_order_ = in_order;
  const std::uint64_t total = version_.total.value_or(unknown_end);
  const bool is_cut = version_.total && version_.etag && sizes_.concurrency > 1 && total >= sizes_.threshold;
  fitting_ = in_order ? std::min(sizes_.part, sizes_.window / (sizes_.concurrency + 1)) : sizes_.part;
  step_ = is_cut ? fitting_ : unknown_end;
  std::uint64_t at = 0;
  for (const auto& [begin, end] : there) {
    if (at < begin) parts_[begin] = {at};
    bytes_ += end - begin;
    at = end;
  }
  if (at < total) parts_[total] = {at};
}

Commands ObjectPlan::accept_whole(std::size_t number) {
  Slot& slot = slots_[number];
  if (slot.ranged && ranges_work_ && !ranges_ignored_) {
    slot.objection = "the server sends the whole object instead of a range";
    return {StopResponse{number}};
  }
  if (slot.ranged) ranges_ignored_ = true;
  if (whole_id_ != 0) {
    slot.enough = true;
    return {StopResponse{number}};
  }
  slot.whole = true;
  slot.position = 0;
  whole_id_ = slot.id;
  parts_.at(slot.part).accepted = true;
  return {};
}

Commands ObjectPlan::accept_other_version(std::size_t number, const http::ResponseHead& head,
                                          const OutputState& output) {
  Slot& slot = slots_[number];
  if (whole_id_ != 0) {  // that response brings what is missing, all of its own version
    is_single_ = slot.enough = true;
    return {StopResponse{number}};
  }
  slot.objection = "the object changed while it was fetched";
  if (!output.can_forget && changes_ < most_changes) {  // another mirror may have the first version
    ++changes_;
    is_single_ = true;
    return {StopResponse{number}};
  }
  Commands commands{changed(output)};
  slot.generation = generation_;
  if (!head.is_whole()) {
    commands.emplace_back(StopResponse{number});
    return commands;
  }
  for (auto& command : begin(number, head)) commands.push_back(std::move(command));
  return commands;
}

ForgetOutput ObjectPlan::start_over(base::Status status, const std::string& reason) {
  ++generation_;
  parts_.clear();
  bytes_ = 0;
  whole_id_ = 0;
  state_ = State::idle;
  ranges_work_ = ranges_ignored_ = false;
  return {status, reason};
}

ForgetOutput ObjectPlan::changed(const OutputState& output) {
  if (++changes_ > most_changes && output.can_forget)
    throw base::DataError("fetch", name_, "the object changes while it is fetched");
  is_single_ = true;
  return start_over(base::Status::bad_data, "the object changed while it was fetched");
}

ObjectPlan::Placement ObjectPlan::on_bytes(std::size_t number, std::uint64_t bytes) {
  Slot& slot = slots_[number];
  Placement piece = next_piece(slot, bytes);
  if (piece.skip + piece.size == 0) {
    slot.enough = true;
    return piece;
  }
  piece.at = slot.position + piece.skip;
  slot.position += piece.skip + piece.size;
  if (piece.size == 0) return piece;
  const auto part = parts_.find(slot.part);
  part->second.at += piece.size;
  if (part->second.at == part->first) parts_.erase(part);
  bytes_ += piece.size;
  return piece;
}

// What is skipped is there already, or comes from another request.
ObjectPlan::Placement ObjectPlan::next_piece(Slot& slot, std::uint64_t bytes) {
  if (is_stale(slot)) return {};
  if (slot.position >= (slot.whole ? version_.total.value_or(unknown_end) : slot.end))
    throw base::DataError("fetch", name_, "the server sends more bytes than it said");
  const auto found = parts_.upper_bound(slot.position);
  if (found == parts_.end()) return {};
  const Part& part = found->second;
  const bool is_foreign = part.owner != 0 && part.owner != slot.id && part.accepted;
  if (is_foreign || part.at < slot.position)
    return {is_single() ? std::min(bytes, found->first - slot.position) : 0};
  std::uint64_t skip = 0;
  if (part.at > slot.position) {
    if (!is_single()) return {};
    skip = std::min(bytes, part.at - slot.position);
    if (skip == bytes) return {skip};
  }
  const auto mine = part.owner == slot.id ? found : cut(found);
  mine->second.owner = slot.id;
  mine->second.accepted = true;
  slot.part = mine->first;
  return {skip, std::min(bytes - skip, mine->first - mine->second.at)};
}

Commands ObjectPlan::on_end(std::size_t number, const http::Ending& ending, std::string_view body,
                            const OutputState& output, Time now, std::chrono::seconds wall_time) {
  Slot& slot = slots_[number];
  slot.runs = false;
  if (http::is_redirect(slot.head.status())) return follow(number);
  const bool complete = ending.kind == http::Ending::Kind::complete && slot.head.is_success();
  if (is_done(slot, complete) || is_asked_otherwise(slot)) return {};
  if (ending.kind == http::Ending::Kind::failed)
    throw base::Error(base::Status::failure, "fetch", name_, ending.reason);
  if (ending.kind == http::Ending::Kind::malformed) throw base::DataError("fetch", name_, ending.reason);
  const int status = slot.head.status();
  const std::string reason = reason_of(slot, ending, body);
  const bool version_is_gone = slot.ranged && (status == 412 || status == 416);
  if (status >= 300 && !http::is_transient(status) && !version_is_gone) {
    if (!goes_on_without_ranges(slot)) throw base::Error(base::Status::refused, "fetch", name_, reason);
    return {Note{
        fmt::format("'{}' is fetched in one response, since the server refuses parts: {}", name_, reason)}};
  }
  const auto pause = pause_after(slot, reason, wall_time);
  slot.due = now + pause;
  Commands commands;
  if (auto forget = interrupted(version_is_gone, reason, output)) commands.emplace_back(*std::move(forget));
  commands.emplace_back(
      Warn{fmt::format("cannot fetch '{}': {}; trying again in {:.1f} s ({} of {})", name_, reason,
                       static_cast<double>(pause.count()) / 1000, slot.policy.failures(), options_.retries)});
  return commands;
}

// Whether the request did what it was to do.
bool ObjectPlan::is_done(Slot& slot, bool complete) {
  if (slot.generation != generation_ || state_ == State::put_off) return true;
  if (state_ != State::running) {
    if (first_id_ == slot.id) state_ = State::idle;
    return slot.enough;
  }
  if (whole_id_ == slot.id) whole_id_ = 0;
  const auto part = parts_.find(slot.part);
  const bool is_mine = part != parts_.end() && part->second.owner == slot.id;
  // A whole response also owns the part for which it was asked, even when it did not come as far.
  for (auto& [end, any] : parts_) {
    if (any.owner == slot.id) any = {any.at};
  }
  if (part == parts_.end()) return slot.enough || complete;
  if (!is_mine) return slot.enough;
  if (!complete || part->first != unknown_end) return slot.enough;
  parts_.erase(part);
  return true;
}

Commands ObjectPlan::follow(std::size_t number) {
  Slot& slot = slots_[number];
  if (++slot.redirects > http::most_redirects)
    throw base::Error(base::Status::refused, "fetch", name_,
                      fmt::format("more than {} redirections, one after the other", http::most_redirects));
  slot.request = http::follow_redirect(*slot.request, slot.head);
  Note note{fmt::format("'{}' redirects to '{}'", name_, slot.request->url.shown())};
  return {std::move(note), request_of(number)};
}

// Refusals that do not count: If-Match is left away when it is refused, the entity tags are compared all the
// same; and the place where redirections led may have expired, the URL itself is asked again.
bool ObjectPlan::is_asked_otherwise(Slot& slot) {
  const int status = slot.head.status();
  if (status == 412 && slot.if_match) {
    if_match_ = false;
    return true;
  }
  const bool may_have_expired = status == 401 || status == 403 || status == 404 || status == 410;
  if (!slot.from_known_location || !may_have_expired) return false;
  location_.reset();
  return true;
}

std::string ObjectPlan::reason_of(const Slot& slot, const http::Ending& ending, std::string_view body) const {
  if (!slot.objection.empty()) return slot.objection;
  if (slot.head.status() != 0 && !slot.head.is_success()) return http::server_reason(slot.head, body);
  if (ending.kind != http::Ending::Kind::complete) return ending.reason;
  const auto end = slot.ranged ? slot.end : version_.total.value_or(0);
  return fmt::format("the server sent {} of {} bytes", slot.position - slot.at, end - slot.at);
}

// A range is refused with a status that is final. True when a response without one is under way or has not
// been asked for: that goes on alone then, to the object's end.
bool ObjectPlan::goes_on_without_ranges(const Slot& slot) {
  if (!slot.ranged) return false;
  if (slot.generation != generation_ || !parts_.contains(slot.part)) return true;  // nobody needs that part
  if (whole_id_ == 0 && ranges_work_ && !ranges_ignored_) return false;
  ranges_ignored_ = true;
  return true;
}

std::chrono::milliseconds ObjectPlan::pause_after(Slot& slot, const std::string& reason,
                                                  std::chrono::seconds wall_time) {
  const auto asked = slot.head.is_success() ? std::nullopt : http::retry_after(slot.head, wall_time);
  const auto pause = slot.policy.after_failure(bytes_, asked);
  location_.reset();  // another place may do better
  if (pause) return *pause;
  if (asked > http::RetryPolicy::longest_asked)
    throw base::Error(base::Status::unavailable, "fetch", name_,
                      fmt::format("{}; the server asks to come back in {} s", reason, asked->count()));
  const auto times = slot.policy.failures() == 1 ? "" : fmt::format(", {} times", slot.policy.failures());
  throw base::Error(base::Status::unavailable, "fetch", name_, reason + times);
}

// What a failure means for what came before: a version that is gone cannot be completed, and what cannot be
// continued without a strong entity tag is forgotten.
std::optional<ForgetOutput> ObjectPlan::interrupted(bool version_is_gone, const std::string& reason,
                                                    const OutputState& output) {
  if (state_ != State::running) return std::nullopt;
  if (!version_is_gone)
    return version_.etag ? std::nullopt : std::optional(start_over(base::Status::unavailable, reason));
  if (whole_id_ == 0) return changed(output);
  is_single_ = true;
  return std::nullopt;
}

}  // namespace mrf::fetch
