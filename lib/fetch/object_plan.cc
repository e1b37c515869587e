// SPDX-License-Identifier: MIT
#include "fetch/object_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "http/header_lines.h"
#include "http/redirect.h"
#include "http/server_reason.h"

namespace mrf::fetch {

namespace {

// An object that shows so many versions changes faster than it can be fetched.
constexpr unsigned most_changes = 2;
constexpr const char* whole_for_range = "the server sends the whole object instead of a range";
// After so many failures in a row where redirections led, the URL itself is asked again.
constexpr unsigned most_location_failures = 2;
// Of what an earlier run left of an object without a strong entity tag, so many samples are compared.
constexpr unsigned samples = 4;
// A part is split when it would take longer than that.
constexpr double least_time_to_split = 1.0;

std::string not_whole(const http::ResponseHead& head) {
  const auto range = head.field("Content-Range");
  return fmt::format("the server answers HTTP 206 {} to a request for the whole object",
                     range ? fmt::format("with 'Content-Range: {}'", *range) : "without a Content-Range");
}

}  // namespace

ObjectPlan::ObjectPlan(http::Url url, FetchOptions options, PartSizes sizes, std::uint64_t put_off_from)
    : options_(std::move(options)),
      address_(std::move(url), options_.headers, options_.is_trusted, options_.refreshes),
      sizes_(sizes),
      put_off_from_(put_off_from),
      name_(address_.url().shown()),
      sample_policy_(options_.retries, options_.random) {
  slots_.emplace_back(http::RetryPolicy(options_.retries, options_.random));
}

Commands ObjectPlan::on_time(Time now, const OutputState& output) {
  const std::size_t count = is_parallel() ? std::max(1U, sizes_.concurrency) : 1;
  while (slots_.size() < count) slots_.emplace_back(http::RetryPolicy(options_.retries, options_.random));
  waits_for_room_ = false;
  speeds_.on_time(now);
  Commands commands;
  if (is_parallel()) give_up_slow_ones(commands);
  for (std::size_t number = 0; number < slots_.size(); ++number) {
    const Slot& slot = slots_[number];
    if (slot.runs || slot.due > now || !assign(number, output)) continue;
    speeds_.on_start(number, now);
    commands.emplace_back(request_of(number));
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

// The rest of the slow request's range is asked for again, by the same slot through another connection.
void ObjectPlan::give_up_slow_ones(Commands& commands) {
  for (std::size_t number = 0; number < slots_.size(); ++number) {
    Slot& slot = slots_[number];
    const auto part = parts_.find(slot.part);
    const bool is_filling =
        slot.runs && !slot.enough && part != parts_.end() && part->second.owner == slot.id;
    if (!is_filling || !speeds_.is_slow(number, part->first - part->second.at)) continue;
    commands.emplace_back(Note{
        fmt::format("'{}': a request that brings {:.0f} bytes a second, where the others bring {:.0f}, is "
                    "replaced by another one",
                    name_, speeds_.of(number).value_or(0), speeds_.of_others(number).value_or(0))});
    speeds_.on_replaced(number);
    slot.enough = true;
    commands.emplace_back(GiveUpRequest{number});
  }
}

// Where nothing would show that the rest belongs to the same version, the slow request is left alone.
Commands ObjectPlan::on_slow() {
  Slot& slot = slots_.front();
  const bool is_without_head = state_ == State::asked && slot.head.status() == 0;
  const bool can_be_continued = state_ == State::running && version_.etag && slot.head.is_success();
  if (!slot.runs || slot.enough || is_parallel() || was_slow_ || (!is_without_head && !can_be_continued))
    return {};
  was_slow_ = slot.enough = true;
  return {Note{fmt::format(
              "'{}': a request that brings much less than those of other files is replaced by another one",
              name_)},
          GiveUpRequest{0}};
}

// False when there is nothing to ask for.
bool ObjectPlan::assign(std::size_t number, const OutputState& output) {
  if ((state_ != State::idle && state_ != State::running) || is_complete() || address_.is_refreshing())
    return false;
  Slot& slot = slots_[number];
  const bool is_of_this_url = slot.url_number == address_.number();
  if (slot.waits_for_proof && is_of_this_url && !address_.is_proved() && is_url_open()) return false;
  Slot fresh(slot.policy);
  fresh.generation = generation_;
  fresh.stored_form = stored_form_;
  fresh.url_number = address_.number();
  if (state_ == State::idle) {
    state_ = State::asked;
    first_id_ = last_id_ + 1;
  } else if (!assign_part(fresh, output)) {
    return false;
  }
  fresh.id = ++last_id_;
  fresh.from_known_location = address_.is_known_location();
  fresh.request = address_.request();
  fresh.request->needs_checksum = options_.needs_checksum;
  fresh.request->shares_connection = options_.shares_connections && !is_parallel() && whole_id_ == 0;
  slot = std::move(fresh);
  return true;
}

bool ObjectPlan::assign_part(Slot& slot, const OutputState& output) {
  const bool is_alone = whole_id_ == 0 && parts_.is_idle();
  const bool is_hole = !parts_.empty() && parts_.begin()->second.owner == 0 && is_left_behind(parts_.begin());
  if (is_single() && !is_alone && !is_hole) return false;
  auto part = parts_.next_to_ask();
  if (part == parts_.end()) part = split_last();
  if (part == parts_.end() || (part->second.is_sample && !output.is_settled)) return false;
  const std::uint64_t at = part->second.at;
  if (part->first != unknown_end && at + std::min(part->first - at, fitting_) > output.room_end) {
    waits_for_room_ = true;
    return false;
  }
  part = cut(part);
  part->second.owner = last_id_ + 1;
  slot.part = slot.end = part->first;
  slot.at = slot.position = at;
  slot.is_of_sample = part->second.is_sample;
  slot.etag = version_.etag;
  const bool is_object = at == 0 && slot.end == version_.total.value_or(unknown_end);
  slot.ranged = is_hole || (!ranges_ignored_ && can_go_on() && !is_object);
  slot.if_match = slot.ranged && slot.etag && if_match_;
  return true;
}

// The slot of the whole response that runs; null: none does.
ObjectPlan::Slot* ObjectPlan::whole_slot() {
  const auto place = std::find_if(slots_.begin(), slots_.end(), [this](const Slot& slot) {
    return whole_id_ != 0 && slot.runs && slot.id == whole_id_;
  });
  return place == slots_.end() ? nullptr : &*place;
}

// Whether the whole response that goes on alone has passed a part whose request has not brought all of it.
// An output in order has no room behind such a part, so that the part has to come before the whole response
// can end. Another output gets the part afterwards.
bool ObjectPlan::is_left_behind(MissingParts::Place part) {
  const Slot* const whole =
      in_order_ && part != parts_.end() && part->second.owner != whole_id_ ? whole_slot() : nullptr;
  return whole != nullptr && part->second.at < whole->position;
}

// Of the part that would be over last, its owner keeps what it brings while the slot brings the rest.
MissingParts::Place ObjectPlan::split_last() {
  if (!is_parallel()) return parts_.end();
  auto last = parts_.end();
  double longest = least_time_to_split;
  double share = 0;
  Slot* owner = nullptr;
  for (std::size_t other = 0; other < slots_.size(); ++other) {
    Slot& slot = slots_[other];
    const auto part = parts_.find(slot.part);
    const auto speed = speeds_.of(other);
    if (!slot.runs || slot.enough || part == parts_.end() || part->second.owner != slot.id || !speed)
      continue;
    const std::uint64_t left = part->first - part->second.at;
    const double time = static_cast<double>(left) / std::max(*speed, 1.0);
    if (left < 2 * sizes_.least || time < longest) continue;
    longest = time;
    last = part;
    owner = &slot;
    share = *speed / std::max(*speed + speeds_.of_others(other).value_or(*speed), 1.0);
  }
  if (last == parts_.end()) return last;
  const std::uint64_t left = last->first - last->second.at;
  const auto kept = static_cast<std::uint64_t>(share * static_cast<double>(left));
  last = parts_.split(last, std::clamp(kept, sizes_.least, left - sizes_.least));
  owner->part = last->second.at;
  return last;
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
    if (!http::has_header(options_.headers, http::header_name(field)))
      request.headers.push_back(std::move(field));
  }
  return {number, std::move(request)};
}

// A part of the size that is asked for at a time, off the front of a longer one.
MissingParts::Place ObjectPlan::cut(MissingParts::Place part) {
  return is_single() ? part : parts_.cut(part, step_);
}

bool ObjectPlan::is_parallel() const {
  return state_ == State::running && step_ != unknown_end && version_.total && *version_.total > step_ &&
         !is_single();
}

bool ObjectPlan::is_stale(const Slot& slot) const {
  if (slot.generation != generation_) return true;
  if (state_ != State::running || whole_id_ == slot.id) return false;
  const auto part = parts_.find(slot.part);
  if (part != parts_.end() && part->second.owner == slot.id) return false;
  // A range that was split off the slot's part is still the slot's until the other request brings it.
  const auto next = parts_.behind(slot.position);
  return slot.position >= slot.end || next == parts_.end() || next->second.at != slot.position ||
         next->second.accepted || next->second.is_sample;
}

bool ObjectPlan::is_same_version(const http::ObjectVersion& other) const {
  return version_.etag ? http::surely_equal(version_, other) : http::maybe_equal(version_, other);
}

// Whether a response can be shown to belong to what came before.
bool ObjectPlan::can_go_on() const { return version_.etag || http::maybe_equal(version_, version_); }

bool ObjectPlan::has_room(std::size_t slot, std::uint64_t bytes, const OutputState& output) const {
  return is_stale(slots_[slot]) || slots_[slot].position + bytes <= output.room_end;
}

bool ObjectPlan::is_early(std::size_t slot) const {
  return in_order_ && !is_stale(slots_[slot]) && !parts_.empty() &&
         slots_[slot].position > parts_.begin()->second.at;
}

namespace {

std::string fault_of(const http::ResponseHead& head) {
  if (head.status() != 200 && head.status() != 206)
    return fmt::format("the server answers {}", http::server_reason(head, ""));
  return head.length_fault();
}

}  // namespace

Commands ObjectPlan::on_head(std::size_t number, const http::ResponseHead& head, const OutputState& output) {
  Slot& slot = slots_[number];
  slot.head = head;
  if (!head.is_success()) return {};
  address_.on_success(slot.url_number, slot.redirects > 0 ? slot.request : std::nullopt);
  return accept(number, head, output);
}

Commands ObjectPlan::accept(std::size_t number, const http::ResponseHead& head, const OutputState& output) {
  Slot& slot = slots_[number];
  if (is_stale(slot)) {
    slot.enough = true;
    return {StopResponse{number}};
  }
  if (const auto fault = fault_of(head); !fault.empty()) {
    if (!slot.ranged || whole_id_ == 0) throw base::DataError("fetch", name_, fault);
    slot.objection = fault;
    return {StopResponse{number}};
  }
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
  if (!is_same_version(http::version_of(head))) return accept_other_version(number, head, output);
  if (head.is_whole()) return accept_whole(number);
  ranges_work_ = true;
  accept_part(slot);
  return {};
}

// The part may have become another one since it was asked for (on_lost()).
void ObjectPlan::accept_part(Slot& slot) {
  auto part = parts_.find(slot.part);
  if (part == parts_.end() || part->second.owner != slot.id) part = parts_.behind(slot.position);
  slot.part = part->first;
  part->second.owner = slot.id;
  part->second.accepted = true;
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

void ObjectPlan::on_begun(std::size_t number, const BytesThere& there, bool in_order) {
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

void ObjectPlan::make_parts(const BytesThere& there, bool in_order) {
  in_order_ = in_order;
  const std::uint64_t total = version_.total.value_or(unknown_end);
  const bool is_cut = version_.total && version_.etag && sizes_.concurrency > 1 && total >= sizes_.threshold;
  fitting_ = in_order ? std::min(sizes_.part, sizes_.window / (sizes_.concurrency + 1)) : sizes_.part;
  step_ = is_cut ? fitting_ : unknown_end;
  parts_.fill(there.ranges, total);
  for (const auto& [begin, end] : there.ranges) bytes_ += end - begin;
  if (there.is_to_be_compared) add_samples(there.ranges);
}

void ObjectPlan::add_samples(const std::vector<ByteRange>& there) {
  parts_.add_samples(there, sizes_.least, samples, options_.random);
}

void ObjectPlan::on_lost(const std::vector<ByteRange>& ranges) {
  if (state_ != State::running) return;
  for (const auto& range : ranges) {
    parts_.put_back(range);
    bytes_ -= range.second - range.first;
  }
}

Commands ObjectPlan::on_difference(std::size_t number, const OutputState& output) {
  if (slots_[number].generation != generation_ || state_ != State::running) return {};
  slots_[number].objection = "the object differs from what an earlier request brought of it";
  return {changed(output)};
}

Commands ObjectPlan::accept_whole(std::size_t number) {
  Slot& slot = slots_[number];
  if (slot.ranged && ((ranges_work_ && !ranges_ignored_) || is_left_behind(parts_.find(slot.part)))) {
    slot.objection = whole_for_range;
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
  accept_part(slot);
  return {};
}

Commands ObjectPlan::accept_other_version(std::size_t number, const http::ResponseHead& head,
                                          const OutputState& output) {
  Slot& slot = slots_[number];
  slot.objection = "the object changed while it was fetched";
  if (whole_id_ != 0) {  // the whole response brings the rest in its own version
    is_single_ = true;
    slot.enough = !is_left_behind(parts_.find(slot.part));
    return {StopResponse{number}};
  }
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
  speeds_.on_bytes(number, piece.skip + piece.size);
  if (piece.size == 0) return piece;
  const auto part = parts_.find(slot.part);
  piece.is_compared = part->second.is_sample;
  if (!piece.is_compared) bytes_ += piece.size;
  part->second.at += piece.size;
  if (part->second.at < part->first) return piece;
  if (piece.is_compared) sample_policy_ = http::RetryPolicy(options_.retries, options_.random);
  parts_.erase(part);
  return piece;
}

// What is skipped is there already, or comes from another request.
ObjectPlan::Placement ObjectPlan::next_piece(Slot& slot, std::uint64_t bytes) {
  if (is_stale(slot)) return {};
  if (slot.position >= (slot.whole ? version_.total.value_or(unknown_end) : slot.end))
    throw base::DataError("fetch", name_, "the server sends more bytes than it said");
  const auto found = parts_.behind(slot.position);
  if (found == parts_.end()) return {};
  const auto& part = found->second;
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

namespace {

// Of an end after which asking again would not help.
std::optional<base::Status> status_of(http::Ending::Kind kind) {
  switch (kind) {
    case http::Ending::Kind::failed:
      return base::Status::failure;
    case http::Ending::Kind::malformed:
      return base::Status::bad_data;
    case http::Ending::Kind::refused:
      return base::Status::refused;
    default:
      return std::nullopt;
  }
}

}  // namespace

Commands ObjectPlan::on_end(std::size_t number, const http::Ending& ending, std::string_view body,
                            const OutputState& output, Time now, std::chrono::seconds wall_time) {
  Slot& slot = slots_[number];
  slot.runs = false;
  speeds_.on_end(number);
  if (http::is_redirect(slot.head.status())) return follow_or_leave(number);
  const bool complete = ending.kind == http::Ending::Kind::complete && slot.head.is_success();
  if (is_done(slot, complete) || is_asked_otherwise(slot)) return {};
  const int status = slot.head.status();
  const std::string reason = reason_of(slot, ending, body);
  if (const auto fatal = status_of(ending.kind)) {
    if (auto commands = leave_ranges(slot, reason)) return *std::move(commands);
    throw base::Error(*fatal, "fetch", name_, ending.reason);
  }
  const bool version_is_gone = slot.ranged && (status == 412 || status == 416);
  if (status >= 300 && !http::is_transient(status) && !version_is_gone) {
    if (auto commands = refresh(slot, reason)) return *std::move(commands);
    if (!goes_on_without_ranges(slot)) throw base::Error(base::Status::refused, "fetch", name_, reason);
    return in_one_response(slot, reason);
  }
  const auto asked = slot.head.is_success() ? std::nullopt : http::retry_after(slot.head, wall_time);
  auto& policy = policy_of(slot);
  if (ending.has_news) policy = http::RetryPolicy(options_.retries, options_.random);
  const auto pause = pause_after(policy, asked);
  if (!pause) {
    const std::string last = reason + end_of_retries(policy, asked);
    if (reason == whole_for_range && whole_id_ == 0 && !std::exchange(ranges_ignored_, true))
      return in_one_response(slot, last);
    if (auto commands = leave_ranges(slot, last)) return *std::move(commands);
    throw base::Error(base::Status::unavailable, "fetch", name_, last);
  }
  slot.due = now + *pause;
  Commands commands;
  if (auto forget = interrupted(slot, version_is_gone, reason, output)) {
    commands.emplace_back(*std::move(forget));
    if (!output.can_forget) return commands;
  }
  commands.emplace_back(
      Warn{fmt::format("cannot fetch '{}': {}; trying again in {:.1f} s ({} of {})", name_, reason,
                       static_cast<double>(pause->count()) / 1000, policy.failures(), options_.retries),
           reason, policy.failures()});
  return commands;
}

// Whether the request has brought all that it was made for.
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
  parts_.release(slot.id);
  if (part == parts_.end()) return slot.enough || complete;
  if (!is_mine) return slot.enough;
  if (!complete || part->first != unknown_end) return slot.enough;
  parts_.erase(part);
  return true;
}

Commands ObjectPlan::follow_or_leave(std::size_t number) {
  try {
    return follow(number);
  } catch (const base::Error& error) {
    Slot& slot = slots_[number];
    is_done(slot, false);
    std::string_view reason = error.what();
    const std::string known = fmt::format("cannot fetch '{}': ", name_);
    if (reason.starts_with(known)) reason.remove_prefix(known.size());
    if (auto commands = leave_ranges(slot, std::string(reason))) return *std::move(commands);
    throw;
  }
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

// Whether a refused request is made again in another form, which does not count as a failure. A refused
// If-Match is left out, and entity tags are still compared here. Where redirections led, the place may have
// expired, so the URL itself is asked again.
bool ObjectPlan::is_asked_otherwise(Slot& slot) {
  const int status = slot.head.status();
  if (status == 412 && slot.if_match) {
    if_match_ = false;
    return true;
  }
  const bool may_have_expired = status == 401 || status == 403 || status == 404 || status == 410;
  if (!slot.from_known_location || !may_have_expired) return false;
  address_.forget_location();
  return true;
}

// Nothing when the refusal is final.
std::optional<Commands> ObjectPlan::refresh(Slot& slot, const std::string& reason) {
  switch (address_.on_refusal(slot.url_number, slot.head.status())) {
    case ObjectAddress::Refusal::final:
      return std::nullopt;
    case ObjectAddress::Refusal::outdated:
      return Commands{};
    case ObjectAddress::Refusal::unproved:
      slot.waits_for_proof = is_url_open();
      return slot.waits_for_proof ? std::optional(Commands{}) : std::nullopt;
    case ObjectAddress::Refusal::refreshed:
      break;
  }
  std::optional<Commands> commands(std::in_place);
  commands->emplace_back(Note{fmt::format("another URL is asked for instead of '{}': {}", name_, reason)});
  commands->emplace_back(RefreshUrl{address_.url()});
  return commands;
}

// Whether a request to the URL has no answer yet, which would show whether the URL is valid.
bool ObjectPlan::is_url_open() const {
  return std::any_of(slots_.begin(), slots_.end(), [this](const Slot& slot) {
    return slot.runs && slot.url_number == address_.number() && slot.head.status() == 0;
  });
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
  if (slot.generation != generation_ || parts_.find(slot.part) == parts_.end())
    return true;  // nobody needs that part
  if (whole_id_ == 0 && ranges_work_ && !ranges_ignored_) return false;
  ranges_ignored_ = true;
  return true;
}

// Whether a part that cannot be had is left to the response without a range that is under way.
std::optional<Commands> ObjectPlan::leave_ranges(const Slot& slot, const std::string& reason) {
  if (whole_id_ == 0 || !goes_on_without_ranges(slot)) return std::nullopt;
  return in_one_response(slot, reason);
}

// A whole response that has passed the part is given up, and another one brings the part.
Commands ObjectPlan::in_one_response(const Slot& slot, const std::string& reason) {
  Commands commands{
      Note{fmt::format("'{}' is fetched in one response, since a part cannot be had: {}", name_, reason)}};
  Slot* const whole = whole_slot();
  if (whole == nullptr || whole->enough || !is_left_behind(parts_.find(slot.part))) return commands;
  whole->enough = true;
  commands.emplace_back(GiveUpRequest{static_cast<std::size_t>(whole - slots_.data())});
  return commands;
}

// Samples are counted apart, from one that was compared to the next: they take none of the retries of the
// bytes that are missing.
http::RetryPolicy& ObjectPlan::policy_of(Slot& slot) {
  return slot.only_compares() ? sample_policy_ : slot.policy;
}

// Nothing when it is not tried again.
std::optional<std::chrono::milliseconds> ObjectPlan::pause_after(http::RetryPolicy& policy,
                                                                 std::optional<std::chrono::seconds> asked) {
  const auto pause = policy.after_failure(bytes_, asked);
  if (policy.failures() >= most_location_failures) address_.forget_location();
  return pause;
}

std::string ObjectPlan::end_of_retries(const http::RetryPolicy& policy,
                                       std::optional<std::chrono::seconds> asked) {
  if (asked > http::RetryPolicy::longest_asked)
    return fmt::format("; the server asks to come back in {} s", asked->count());
  return policy.failures() == 1 ? "" : fmt::format(", {} times", policy.failures());
}

// What a failure means for what came before: a version that is gone cannot be completed; without a strong
// entity tag samples have to be compared, and what cannot be is forgotten. A sample's rest stays to be asked
// for, and needs no other samples.
std::optional<ForgetOutput> ObjectPlan::interrupted(const Slot& slot, bool version_is_gone,
                                                    const std::string& reason, const OutputState& output) {
  if (state_ != State::running) return std::nullopt;
  if (version_is_gone) {
    if (whole_id_ == 0) return changed(output);
    is_single_ = true;
    return std::nullopt;
  }
  if (version_.etag) return std::nullopt;
  if (!output.can_compare || !can_go_on()) return start_over(base::Status::unavailable, reason);
  if (!slot.only_compares()) add_samples(parts_.there(*version_.total));
  return std::nullopt;
}

}  // namespace mrf::fetch
