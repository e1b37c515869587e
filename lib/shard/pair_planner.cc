// SPDX-License-Identifier: MIT
#include "shard/pair_planner.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <iterator>
#include <string_view>

#include "base/error.h"
#include "shard/record_walk.h"

namespace mrf::shard {

namespace {

// So many records are in front of this position.
struct Checkpoint {
  std::uint64_t records = 0;
  Position at = 0;
};

void ignore(std::string_view) {}

// A checkpoint for each piece that is read, 64 KiB or so; the last one is the end.
std::vector<Checkpoint> count_records(const Input& input) {
  RecordWalk walk(input, input.first(), input.name());
  std::vector<Checkpoint> passed{{0, walk.position()}};
  while (!walk.is_over()) {
    walk.step(RecordWalk::no_end, RecordWalk::no_limit, ignore);
    if (walk.records() > passed.back().records) passed.push_back({walk.records(), walk.position()});
  }
  return passed;
}

// The first record that is stored at or behind `place`, or the end.
Checkpoint pass_to(const Input& input, const std::vector<Checkpoint>& passed, Position place) {
  const auto behind =
      std::upper_bound(passed.begin(), passed.end(), place,
                       [](Position position, const Checkpoint& one) { return position < one.at; });
  const Checkpoint& start = behind == passed.begin() ? passed.front() : *std::prev(behind);
  RecordWalk walk(input, start.at, input.name());
  while (!walk.is_over(place)) walk.step(place, RecordWalk::no_limit, ignore);
  return {start.records + walk.records(), walk.position()};
}

// The record that so many are in front of, or the end.
Checkpoint pass(const Input& input, const std::vector<Checkpoint>& passed, std::uint64_t records) {
  const auto behind =
      std::upper_bound(passed.begin(), passed.end(), records,
                       [](std::uint64_t number, const Checkpoint& one) { return number < one.records; });
  const Checkpoint& start = *std::prev(behind);
  RecordWalk walk(input, start.at, input.name());
  while (start.records + walk.records() < records && !walk.is_over())
    walk.step(RecordWalk::no_end, records - start.records - walk.records(), ignore);
  return {start.records + walk.records(), walk.position()};
}

}  // namespace

PairCuts find_pair_cuts(const Input& first, const Input& second, std::uint64_t shards) {
  auto counted = std::async(std::launch::async, [&second] { return count_records(second); });
  const auto passed = count_records(first);
  const auto passed_by_mates = counted.get();
  const std::uint64_t records = passed.back().records;
  if (records != passed_by_mates.back().records)
    throw base::DataError("cut", second.name(),
                          fmt::format("it has {} records, and '{}' has {}: they are not mates",
                                      passed_by_mates.back().records, first.name(), records));
  PairCuts cuts{{first.first()}, {second.first()}};
  const Storage storage = first.state().storage;
  const std::uint64_t begin = stored_offset(first.first(), storage);
  for (const std::uint64_t target : targets(begin, first.state().size - begin, shards)) {
    const Checkpoint cut = pass_to(first, passed, storage == Storage::bgzf ? block_position(target) : target);
    if (cut.records == records) break;
    if (cut.at == cuts.first.back()) continue;  // within a record that is longer than a shard
    cuts.first.push_back(cut.at);
    cuts.second.push_back(pass(second, passed_by_mates, cut.records).at);
  }
  cuts.first.push_back(first.end());
  cuts.second.push_back(second.end());
  return cuts;
}

}  // namespace mrf::shard
