// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "fetch/object_output.h"
#include "http/network.h"
#include "http/object_version.h"

namespace mrf::fetch {

inline constexpr std::uint64_t unknown_end = std::numeric_limits<std::uint64_t>::max();

struct PartSizes {
  std::uint64_t part = 8 << 20;        ///< bytes of a range request
  std::uint64_t threshold = 16 << 20;  ///< objects from this size on are fetched in parts
  std::uint64_t window = 64 << 20;     ///< bytes of the parts under way to an output in order
  unsigned concurrency = 4;
};

/// A request's share of an object, as it was when the request was made.
struct Claim {
  std::uint64_t id = 0;
  std::uint64_t generation = 0;
  std::uint64_t part = 0;           ///< the end of the part that it fills; 0: none yet
  bool ranged = false;              ///< asked with a Range field
  std::uint64_t at = 0;             ///< the first byte asked for
  std::uint64_t end = unknown_end;  ///< one past the last
  std::optional<std::string> etag;  ///< of the version asked for, when ranged
  bool if_match = false;            ///< asked with If-Match
  bool stored_form = false;         ///< asked for with its content encoding
  bool whole = false;               ///< the response is the whole object, read up to the next part of another
  bool enough = false;              ///< the rest of the response is not needed
  std::uint64_t position = 0;       ///< of the next byte of the response in the object
  std::string objection;            ///< why the response was stopped
  std::optional<http::Request> from;  ///< where earlier redirections led, if not to the URL itself
};

/// One object that is fetched by several requests, in one or in several threads: who fetches which part,
/// which responses may be used, and when everything has to start again. The rules are those of RFC 9110, 14
/// and 15.3.7; validators are compared here, since some servers ignore If-Match, some If-Range.
///
/// Parts are cut off the rest of the object when they are claimed, so that memory follows from the requests
/// under way and never from the size that a server names.
///
/// Mirrors may give the same bytes under several entity tags. Bytes of different tags are never put together;
/// after the first difference there is one stream without ranges: the first response goes on when it still
/// runs, else everything starts again.
class PartPool {
 public:
  /// `name` is the object's in messages.
  PartPool(ObjectOutput& output, PartSizes sizes, std::string name);

  enum class Next { claimed, no_room, wait, over };
  /// What to ask for next.
  Next claim(Claim& claim);
  /// The header fields that ask for it.
  static std::vector<std::string> request_fields(const Claim& claim);
  /// Whether a successful response is of use. Throws Error.
  bool accept(Claim& claim, const http::ResponseHead& head);
  bool has_room(const Claim& claim, std::size_t bytes) const;
  /// What comes now can only be kept for later.
  bool is_early(const Claim& claim) const;
  /// False when the rest of the response is not. Throws Error.
  bool take(Claim& claim, std::string_view bytes);
  /// The request is over. True when it did what it was to do.
  bool end(Claim& claim, bool complete);
  /// The server says that the version asked for is gone. Throws Error.
  void version_is_gone();
  /// A request is refused with a status that is final. True when it was for a range, and a response without
  /// one is under way or has not been asked for: that goes on alone then, to the object's end.
  bool goes_on_without_ranges(const Claim& claim);
  /// If-Match is refused: the entity tags are only compared here from now on.
  void leave_if_match_away();
  /// A request failed. What cannot be continued without a strong entity tag is forgotten.
  void interrupted(const std::string& reason);

  /// Redirections led there; later requests go there at once. Nothing: they go to the URL itself again.
  void set_location(std::optional<http::Request> location);

  /// Several requests at a time make sense.
  bool is_parallel() const;
  bool is_over() const;
  /// Ends everything; run() of the others returns.
  void fail(std::exception_ptr thrown);
  void rethrow() const;
  /// Waits for another thread, 50 ms at most.
  void wait_for_others();

  std::uint64_t bytes() const;
  std::optional<std::uint64_t> total() const;

 private:
  struct Part {
    std::uint64_t at = 0;     ///< the first byte that is missing
    std::uint64_t owner = 0;  ///< the claim that fills it
    bool accepted = false;    ///< by a response that is of use
  };
  using Parts = std::map<std::uint64_t, Part>;

  bool is_stale(const Claim& claim) const;
  bool is_single() const { return is_single_ || ranges_ignored_; }
  bool begin(Claim& claim, const http::ResponseHead& head);
  void make_parts(const std::vector<ByteRange>& there);
  Parts::iterator cut(Parts::iterator part);
  bool is_range_asked_for(const Claim& claim, const http::ResponseHead& head) const;
  bool accept_whole(Claim& claim);
  bool accept_other_version(Claim& claim, const http::ResponseHead& head);
  void start_over(base::Status status, const std::string& reason);
  void changed();
  std::uint64_t next_piece(Claim& claim, std::uint64_t bytes, std::uint64_t& skip);
  void advance(const Claim& claim, std::uint64_t bytes);

  ObjectOutput& output_;
  PartSizes sizes_;
  std::string name_;
  std::shared_mutex gate_;  ///< shared by those who write, alone for who starts over
  mutable std::mutex mutex_;
  std::condition_variable changed_state_;
  http::ObjectVersion version_;
  Parts parts_;                       ///< what is missing, by the parts' ends
  std::uint64_t fitting_ = 0;         ///< bytes that are asked for at a time
  std::uint64_t step_ = unknown_end;  ///< the same for an object in several parts
  std::uint64_t generation_ = 0;
  std::uint64_t last_id_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t whole_id_ = 0;  ///< the claim that reads a whole response
  unsigned changes_ = 0;        ///< how often another version was seen
  std::optional<http::Request> location_;
  bool asked_first_ = false;
  bool started_ = false;
  bool ranges_work_ = false;
  bool ranges_ignored_ = false;
  bool is_single_ = false;  ///< one stream, since versions differ
  bool if_match_ = true;
  bool stored_form_ = false;
  bool failed_ = false;
  std::exception_ptr thrown_;
};

}  // namespace mrf::fetch
