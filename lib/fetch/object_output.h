// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "http/object_version.h"
#include "http/response_head.h"
#include "io/output_file.h"

namespace mrf::fetch {

/// Bytes [first, second) of an object.
using ByteRange = std::pair<std::uint64_t, std::uint64_t>;

inline constexpr std::uint64_t unknown_end = std::numeric_limits<std::uint64_t>::max();

/// What of an object an earlier run left.
struct BytesThere {
  std::vector<ByteRange> ranges{};  ///< in order
  bool is_to_be_compared = false;   ///< samples of them, before anything else is fetched
};

/// What a step of ObjectOutput::work_off() found out.
struct WorkedOff {
  bool is_over = true;            ///< there is no more of it
  std::vector<ByteRange> lost{};  ///< not there after all, not as it was written
};

/// Where the bytes of one object go, and where they are checked.
class ObjectOutput {
 public:
  virtual ~ObjectOutput() = default;
  /// Whether begin() may wait for something else: the reader of a FIFO, a disk that others write to.
  virtual bool may_wait() const { return false; }
  /// The first response's head, and again the first one after forget(). Returns what is there already.
  /// Throws Error.
  virtual BytesThere begin(const http::ResponseHead& head, const http::ObjectVersion& version) = 0;
  /// True when bytes go on in their order, so that only one thread may call take().
  virtual bool in_order() const = 0;
  /// Bytes of the object before this one may come now. Any thread.
  virtual std::uint64_t room_end() const { return std::numeric_limits<std::uint64_t>::max(); }
  /// Bytes from `at` on, each once, those of a part in order. Throws Error.
  virtual void take(std::uint64_t at, std::string_view bytes) = 0;
  /// Does a step of what is to be done with what begin() said is there, beside take(), and before prepare()
  /// and finish(). Throws Error.
  virtual WorkedOff work_off() { return {}; }
  /// Whether agrees() can be called for what take() has taken and what begin() said is there. Any thread.
  virtual bool can_compare() const { return false; }
  /// Whether these bytes are there from `at` on. Throws Error.
  virtual bool agrees(std::uint64_t /*at*/, std::string_view /*bytes*/) { return false; }
  /// False when some of what came cannot be taken back, so that forget() would throw. Any thread.
  virtual bool can_forget() const { return true; }
  /// All that came is worthless. Throws Error with `status` and `reason` when it cannot be taken back.
  virtual void forget(base::Status status, const std::string& reason) = 0;
  /// Nothing more is wanted: a wait for somebody else in begin(), take() or finish() ends with Stopped. Any
  /// thread, and before there was a begin().
  virtual void stop() {}
  /// Whether prepare() or finish() has yet to write everything, so that they are best left to another thread.
  virtual bool is_held() const { return false; }
  /// Everything came: checks it as finish() does. Returns the file to be committed, beside those of other
  /// outputs; null when that is to be left to finish(), which may be called in any case. Throws DataError
  /// "cannot verify".
  virtual io::OutputFile* prepare() { return nullptr; }
  /// Everything came: checks it, unless prepare() did, and gives the target its name. Throws DataError
  /// "cannot verify".
  virtual void finish() = 0;
};

}  // namespace mrf::fetch
