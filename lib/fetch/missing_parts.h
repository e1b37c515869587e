// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "fetch/object_output.h"

namespace mrf::fetch {

/// What of an object is not there yet, in parts that requests fill. Pure.
///
/// Parts are cut off the rest of the object when they are asked for, so that memory follows from the requests
/// under way and never from the size that a server names. A sample is there already: what comes for it is
/// compared with it.
class MissingParts {
 public:
  struct Part {
    std::uint64_t at = 0;     ///< the first byte that is missing
    std::uint64_t owner = 0;  ///< the request that fills it; 0: none
    bool accepted = false;    ///< by a response that is of use
    bool is_sample = false;
  };
  using Map = std::map<std::uint64_t, Part>;  ///< by the parts' ends
  using Place = Map::iterator;

  /// The gaps before `total` between what is `there`, in order.
  void fill(const std::vector<ByteRange>& there, std::uint64_t total);
  /// `count` samples of at most `size` bytes each of what is `there`, in order: of its beginning, its end,
  /// and of places that `random` chooses, which gives numbers in [0, 1).
  void add_samples(const std::vector<ByteRange>& there, std::uint64_t size, unsigned count,
                   const std::function<double()>& random);
  /// A range that was taken for there is missing.
  void put_back(const ByteRange& range);
  void clear() { map_.clear(); }

  bool empty() const { return map_.empty(); }
  Place begin() { return map_.begin(); }
  Place end() { return map_.end(); }
  Map::const_iterator begin() const { return map_.begin(); }
  Map::const_iterator end() const { return map_.end(); }
  /// The part that ends there.
  Place find(std::uint64_t end) { return map_.find(end); }
  Map::const_iterator find(std::uint64_t end) const { return map_.find(end); }
  Part& at(std::uint64_t end) { return map_.at(end); }
  /// The first part that ends behind `position`.
  Place behind(std::uint64_t position) { return map_.upper_bound(position); }
  Map::const_iterator behind(std::uint64_t position) const { return map_.upper_bound(position); }
  void erase(Place part) { map_.erase(part); }

  /// The part that is to be asked for next: as long as there are samples, one of them. end() when every one
  /// is being filled.
  Place next_to_ask();
  /// Whether no request fills a part.
  bool is_idle() const;
  /// `size` bytes off the front of a longer part, as a part of its own with no owner, which is returned.
  Place cut(Place part, std::uint64_t size);
  /// Leaves the first `kept` bytes to the owner of the part, which now ends before the others. Returns these.
  Place split(Place part, std::uint64_t kept);
  /// The request does not fill anything any more.
  void release(std::uint64_t owner);
  /// The ranges of an object of `total` bytes that are there, in order; samples are among them.
  std::vector<ByteRange> there(std::uint64_t total) const;

 private:
  Map map_;
};

}  // namespace mrf::fetch
