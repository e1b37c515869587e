// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/status.h"
#include "fetch/missing_parts.h"
#include "fetch/object_address.h"
#include "fetch/object_output.h"
#include "fetch/request_speeds.h"
#include "http/network.h"
#include "http/object_version.h"
#include "http/retry.h"

namespace mrf::fetch {

struct PartSizes {
  std::uint64_t part = 8 << 20;        ///< bytes of a range request
  std::uint64_t threshold = 16 << 20;  ///< objects from this size on are fetched in parts
  std::uint64_t window = 64 << 20;     ///< bytes of the parts under way to an output in order
  unsigned concurrency = 4;
  std::uint64_t least = 256 << 10;  ///< bytes of a part that is split off another, and of a sample
};

struct FetchOptions {
  std::vector<std::string> headers;  ///< "Name: value", sent with every request
  unsigned retries = 10;
  std::function<double()> random = [] { return 0.0; };  ///< for RetryPolicy
  std::size_t gathered = 256 << 10;  ///< bytes of each request that are handed over at a time
  bool refreshes = false;            ///< RefreshUrl can be carried out
  bool shares_connections = false;   ///< the first request may share a connection (http::Request)
  bool is_trusted = true;            ///< the user named the URL: credentials and all headers go to its host
  bool needs_checksum = true;        ///< the server's, for the verification
};

/// What the output of an object can do at the moment of an event.
struct OutputState {
  bool can_forget = true;
  std::uint64_t room_end = unknown_end;  ///< bytes of the object before this one may come
  bool can_compare = false;              ///< what came can be read again
  bool is_settled = true;                ///< what came is there, so that it can be compared now
};

/// What a plan wants done. Requests are named by their slot: a slot has one request at a time.
struct StartRequest {
  std::size_t slot;
  http::Request request;
};
struct StopResponse {  ///< nothing more of it is wanted
  std::size_t slot;
};
struct GiveUpRequest {  ///< what came of it is used, on_end() is told that it was stopped, its connection is
                        ///< closed
  std::size_t slot;
};
struct RefreshUrl {  ///< the URL is refused; on_refreshed() is told of another one
  http::Url url;
};
struct BeginOutput {  ///< with the head that has just come; on_begun() is told what the output has already
  std::size_t slot;
  http::ObjectVersion version;
};
struct ForgetOutput {  ///< what came is worthless; the output fails with these when it cannot take it back
  base::Status status;
  std::string reason;
};
struct PutOff {  ///< the object is too large to be fetched now
  std::uint64_t size;
};
struct Warn {  ///< a request failed for this reason, and is made again
  std::string text;
  std::string reason;
  unsigned attempt;  ///< that failed, in a row
};
struct Note {
  std::string text;
};
using Command = std::variant<StartRequest, StopResponse, GiveUpRequest, RefreshUrl, BeginOutput, ForgetOutput,
                             PutOff, Warn, Note>;
using Commands = std::vector<Command>;

/// The rules by which one object is fetched, in one request or in parts: what is asked for next, what a
/// response means, what is asked again and when, and what ends the object. Pure: events go in, commands come
/// out; the time comes with the events, and the caller carries the commands out. What is thrown (Error) ends
/// the object. The rules for responses are those of RFC 9110, 14 and 15.3.7; validators are compared here,
/// since some servers ignore If-Match, some If-Range.
///
/// Where nothing is left to be asked for, the part that would be over last is split; a request that brings
/// much less than the others is given up, and what it has not brought is asked for again (RequestSpeeds). The
/// only request of an object is measured against those of other objects by the caller, and given up once.
///
/// Where a server sends no strong entity tag, but a size and a weak tag or a time, samples of what is there
/// are asked for and compared before the rest is.
///
/// Mirrors may give the same bytes under several entity tags. Bytes of different tags are never put together;
/// after the first difference there is one stream without ranges: the first response goes on when it still
/// runs, else everything starts again.
class ObjectPlan {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// Objects of at least `put_off_from` bytes are put off.
  ObjectPlan(http::Url url, FetchOptions options, PartSizes sizes, std::uint64_t put_off_from = unknown_end);

  /// Starts the requests that may start now.
  Commands on_time(Time now, const OutputState& output);
  /// The slot is held back by the caller, not by the network.
  void on_rest(std::size_t slot) { speeds_.on_rest(slot); }
  /// The only request of the object brings much less than those of others.
  Commands on_slow();
  /// When the first pause that runs at `now` is over.
  std::optional<Time> next_time(Time now) const;
  /// Whether some slot waits for room in the output.
  bool waits_for_room() const { return waits_for_room_; }

  /// The head of a slot's response. A body follows unless StopResponse is among the commands.
  Commands on_head(std::size_t slot, const http::ResponseHead& head, const OutputState& output);
  /// The output has begun and has the bytes `there`. Nothing else of the slot's response is told between
  /// BeginOutput and this.
  void on_begun(std::size_t slot, const BytesThere& there, bool in_order);
  /// Some of the bytes that were there when the output began are not, after all.
  void on_lost(const std::vector<ByteRange>& ranges);
  /// Bytes that were to be compared differ from those that came.
  Commands on_difference(std::size_t slot, const OutputState& output);
  /// RefreshUrl was carried out; nothing: there is no other URL.
  void on_refreshed(const std::optional<http::Url>& url) { address_.on_refreshed(url); }
  /// Whether the next `bytes` of the slot's body may come now.
  bool has_room(std::size_t slot, std::uint64_t bytes, const OutputState& output) const;
  /// Whether what comes to the slot now can only be kept until the bytes before it have come.
  bool is_early(std::size_t slot) const;

  /// Where the next bytes of a body belong: the first `skip` of them nowhere, the next `size` at `at`, where
  /// they are compared with what is there, or not there yet.
  struct Placement {
    std::uint64_t skip = 0;
    std::uint64_t size = 0;
    std::uint64_t at = 0;
    bool is_compared = false;
  };
  /// `bytes` more of a successful response came. Both skip and size are zero when no more of it is wanted;
  /// else the caller asks again for the bytes that are left.
  Placement on_bytes(std::size_t slot, std::uint64_t bytes);
  /// The slot's request is over; `body` is the beginning of that of a response without success, `wall_time`
  /// seconds since 1970.
  Commands on_end(std::size_t slot, const http::Ending& ending, std::string_view body,
                  const OutputState& output, Time now, std::chrono::seconds wall_time);

  /// Every byte came.
  bool is_complete() const { return state_ == State::running && parts_.empty(); }
  std::uint64_t bytes() const { return bytes_; }  ///< that came, or were there
  std::optional<std::uint64_t> total() const { return version_.total; }
  const std::string& name() const { return name_; }  ///< the object's in messages

 private:
  enum class State {
    idle,
    asked,      ///< the request that shows the version runs
    beginning,  ///< BeginOutput is being carried out
    running,
    put_off,  ///< nothing is asked for any more
  };
  // A request's share of the object, as it was when the request was made, and what became of it.
  struct Slot {
    explicit Slot(http::RetryPolicy retry_policy) : policy(std::move(retry_policy)) {}

    http::RetryPolicy policy;
    Time due{};         ///< not before is it used again
    bool runs = false;  ///< has a request
    std::uint64_t id = 0;
    std::uint64_t generation = 0;
    std::uint64_t part = 0;           ///< the end of the part that it fills; 0: none yet
    bool ranged = false;              ///< asked with a Range field
    bool is_of_sample = false;        ///< asked for a sample
    std::uint64_t at = 0;             ///< the first byte asked for
    std::uint64_t end = unknown_end;  ///< one past the last
    std::optional<std::string> etag;  ///< of the version asked for, when ranged
    bool if_match = false;            ///< asked with If-Match
    bool stored_form = false;         ///< asked for with its content encoding
    bool whole = false;          ///< the response is the whole object, read up to the next part of another
    bool enough = false;         ///< the rest of the response is not needed
    std::uint64_t position = 0;  ///< of the next byte of the response in the object
    std::string objection;       ///< why the response was stopped
    bool from_known_location = false;  ///< the request went where earlier redirections led
    unsigned url_number = 0;           ///< of the URL that it went to, or was redirected from
    bool waits_for_proof = false;      ///< was refused; another request is to show what the URL is worth
    int redirects = 0;
    std::optional<http::Request> request;  ///< without the fields that ask for the range
    http::ResponseHead head;

    bool only_compares() const { return is_of_sample && !whole; }
  };

  void give_up_slow_ones(Commands& commands);
  bool assign(std::size_t number, const OutputState& output);
  bool assign_part(Slot& slot, const OutputState& output);
  Slot* whole_slot();
  bool is_left_behind(MissingParts::Place part);
  MissingParts::Place split_last();
  StartRequest request_of(std::size_t number);
  MissingParts::Place cut(MissingParts::Place part);
  bool is_single() const { return is_single_ || ranges_ignored_; }
  bool is_parallel() const;
  bool is_stale(const Slot& slot) const;
  bool is_same_version(const http::ObjectVersion& other) const;
  bool can_go_on() const;
  Commands accept(std::size_t number, const http::ResponseHead& head, const OutputState& output);
  void accept_part(Slot& slot);
  bool is_range_asked_for(const Slot& slot, const http::ResponseHead& head) const;
  Commands begin(std::size_t number, const http::ResponseHead& head);
  void make_parts(const BytesThere& there, bool in_order);
  void add_samples(const std::vector<ByteRange>& there);
  Commands accept_whole(std::size_t number);
  Commands accept_other_version(std::size_t number, const http::ResponseHead& head,
                                const OutputState& output);
  ForgetOutput start_over(base::Status status, const std::string& reason);
  ForgetOutput changed(const OutputState& output);
  Placement next_piece(Slot& slot, std::uint64_t bytes);
  bool is_done(Slot& slot, bool complete);
  bool is_asked_otherwise(Slot& slot);
  std::optional<Commands> refresh(Slot& slot, const std::string& reason);
  bool is_url_open() const;
  Commands follow_or_leave(std::size_t number);
  Commands follow(std::size_t number);
  std::string reason_of(const Slot& slot, const http::Ending& ending, std::string_view body) const;
  bool goes_on_without_ranges(const Slot& slot);
  std::optional<Commands> leave_ranges(const Slot& slot, const std::string& reason);
  Commands in_one_response(const Slot& slot, const std::string& reason);
  http::RetryPolicy& policy_of(Slot& slot);
  std::optional<std::chrono::milliseconds> pause_after(http::RetryPolicy& policy,
                                                       std::optional<std::chrono::seconds> asked);
  static std::string end_of_retries(const http::RetryPolicy& policy,
                                    std::optional<std::chrono::seconds> asked);
  std::optional<ForgetOutput> interrupted(const Slot& slot, bool version_is_gone, const std::string& reason,
                                          const OutputState& output);

  FetchOptions options_;
  ObjectAddress address_;
  PartSizes sizes_;
  std::uint64_t put_off_from_;
  std::string name_;
  http::RetryPolicy sample_policy_;
  std::vector<Slot> slots_;
  State state_ = State::idle;
  bool waits_for_room_ = false;
  bool in_order_ = false;
  http::ObjectVersion version_;
  MissingParts parts_;
  RequestSpeeds speeds_;
  std::uint64_t fitting_ = 0;         ///< bytes that are asked for at a time
  std::uint64_t step_ = unknown_end;  ///< the same for an object in several parts
  std::uint64_t generation_ = 0;
  std::uint64_t last_id_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t first_id_ = 0;  ///< the request that shows the version
  std::uint64_t whole_id_ = 0;  ///< the request whose response is a whole one
  unsigned changes_ = 0;        ///< how often another version was seen
  bool ranges_work_ = false;
  bool ranges_ignored_ = false;
  bool is_single_ = false;  ///< one stream, since versions differ
  bool was_slow_ = false;   ///< a request was given up for the requests of other objects
  bool if_match_ = true;
  bool stored_form_ = false;
};

}  // namespace mrf::fetch
