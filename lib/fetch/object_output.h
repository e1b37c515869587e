// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "http/object_version.h"
#include "http/response_head.h"

namespace mrf::fetch {

/// Bytes [first, second) of an object.
using ByteRange = std::pair<std::uint64_t, std::uint64_t>;

/// Where the bytes of one object go, and where they are checked.
class ObjectOutput {
 public:
  virtual ~ObjectOutput() = default;
  /// The first response's head, and again the first one after forget(). Returns what is there already, in
  /// order. Throws Error.
  virtual std::vector<ByteRange> begin(const http::ResponseHead& head,
                                       const http::ObjectVersion& version) = 0;
  /// True when only one thread may call take().
  virtual bool in_order() const = 0;
  /// Whether the bytes [begin, end) may come now.
  virtual bool has_room(std::uint64_t begin, std::uint64_t end) const = 0;
  /// Whether bytes at `at` can only be kept until those before them have come.
  virtual bool is_early(std::uint64_t /*at*/) const { return false; }
  /// Returns when has_room() may have become true, or after a while.
  virtual void wait_for_room() = 0;
  /// Bytes from `at` on, each once, those of a part in order. Throws Error.
  virtual void take(std::uint64_t at, std::string_view bytes) = 0;
  /// Does a step of what waits to be done outside of any transfer. Called in run()'s thread between two looks
  /// at the network. Throws Error.
  virtual void work_off() {}
  /// False when some of what came cannot be taken back, so that forget() would throw.
  virtual bool can_forget() const { return true; }
  /// All that came is worthless. Throws Error with `status` and `reason` when it cannot be taken back.
  virtual void forget(base::Status status, const std::string& reason) = 0;
  /// Everything came: checks it, and gives the target its name. Throws DataError "cannot verify".
  virtual void finish() = 0;
};

}  // namespace mrf::fetch
