// SPDX-License-Identifier: MIT
#include "shard/pair_planner.h"

#include <fmt/format.h>

#include <string_view>

#include "base/error.h"
#include "shard/record_walk.h"

namespace mrf::shard {

namespace {

// A position behind whole records, from the first one on.
class CountedWalk {
 public:
  explicit CountedWalk(const Input& input) : walk_(input, input.first(), input.name()) {}

  Position position() const { return walk_.position(); }
  std::uint64_t records() const { return walk_.records(); }
  bool is_over() const { return walk_.is_over(); }

  // To the first record that is stored at or behind `place`, or to the end.
  void pass_to(Position place) {
    while (!walk_.is_over(place)) walk_.step(place, RecordWalk::no_limit, [](std::string_view) {});
  }

  // Over records until there have been `records`, or to the end.
  void pass(std::uint64_t records) {
    while (walk_.records() < records && !walk_.is_over())
      walk_.step(RecordWalk::no_end, records - walk_.records(), [](std::string_view) {});
  }

 private:
  RecordWalk walk_;
};

}  // namespace

PairCuts find_pair_cuts(const Input& first, const Input& second, std::uint64_t shards) {
  PairCuts cuts{{first.first()}, {second.first()}};
  CountedWalk walk(first);
  CountedWalk mate(second);
  const Storage storage = first.state().storage;
  const std::uint64_t begin = stored_offset(first.first(), storage);
  for (const std::uint64_t target : targets(begin, first.state().size - begin, shards)) {
    walk.pass_to(storage == Storage::bgzf ? block_position(target) : target);
    mate.pass(walk.records());
    if (walk.is_over() || mate.is_over()) break;
    if (walk.position() == cuts.first.back()) continue;  // within a record that is longer than a shard
    cuts.first.push_back(walk.position());
    cuts.second.push_back(mate.position());
  }
  walk.pass(RecordWalk::no_limit);
  mate.pass(RecordWalk::no_limit);
  if (walk.records() != mate.records())
    throw base::DataError("cut", second.name(),
                          fmt::format("it has {} records, and '{}' has {}: they are not mates",
                                      mate.records(), first.name(), walk.records()));
  cuts.first.push_back(first.end());
  cuts.second.push_back(second.end());
  return cuts;
}

}  // namespace mrf::shard
