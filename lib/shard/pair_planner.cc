// SPDX-License-Identifier: MIT
#include "shard/pair_planner.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <future>
#include <iterator>
#include <string_view>

#include "base/error.h"
#include "shard/record_walk.h"

namespace mrf::shard {

namespace {

// A position, and the number of records in front of it.
struct Checkpoint {
  std::uint64_t records = 0;
  Position at = 0;
};

void ignore(std::string_view) {}

// The records of an input, as far as they were counted.
struct Count {
  std::vector<Checkpoint> passed;  // one for each piece that is read, 64 KiB or so; the last one is the end
  std::exception_ptr fault;        // behind that end

  std::uint64_t records() const { return passed.back().records; }
};

// Of the faults in two inputs that are counted at the same time the one is said with fewer pieces' records in
// front of it, `least` of them, or that of the first input: no timing decides it.
Count count_records(const Input& input, std::atomic<std::uint64_t>& least) {
  Count count{{{0, input.first()}}, nullptr};
  try {
    RecordWalk walk(input, input.first(), input.name());
    while (!walk.is_over() && count.records() <= least) {
      walk.step(RecordWalk::no_end, RecordWalk::no_limit, ignore);
      if (walk.records() > count.records()) count.passed.push_back({walk.records(), walk.position()});
    }
  } catch (...) {
    count.fault = std::current_exception();
    std::uint64_t other = least;
    while (count.records() < other && !least.compare_exchange_weak(other, count.records())) {
    }
  }
  return count;
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

// The position of the record with this number, counted from 0, or the end.
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
  std::atomic<std::uint64_t> least_of_faults = RecordWalk::no_limit;
  auto counting = std::async(std::launch::async, [&] { return count_records(second, least_of_faults); });
  const Count count = count_records(first, least_of_faults);
  const Count count_of_mates = counting.get();
  const std::uint64_t records = count.records();
  if (count.fault && (!count_of_mates.fault || records <= count_of_mates.records()))
    std::rethrow_exception(count.fault);
  if (count_of_mates.fault) std::rethrow_exception(count_of_mates.fault);
  if (records != count_of_mates.records())
    throw base::DataError("cut", second.name(),
                          fmt::format("it has {} records, and '{}' has {}: they are not mates",
                                      count_of_mates.records(), first.name(), records));
  PairCuts cuts{{first.first()}, {second.first()}};
  const Storage storage = first.state().storage;
  const std::uint64_t begin = stored_offset(first.first(), storage);
  for (const std::uint64_t target : targets(begin, first.state().size - begin, shards)) {
    const Checkpoint cut =
        pass_to(first, count.passed, storage == Storage::bgzf ? block_position(target) : target);
    if (cut.records == records) break;
    if (cut.at == cuts.first.back()) continue;  // within a record that is longer than a shard
    cuts.first.push_back(cut.at);
    cuts.second.push_back(pass(second, count_of_mates.passed, cut.records).at);
  }
  cuts.first.push_back(first.end());
  cuts.second.push_back(second.end());
  return cuts;
}

}  // namespace mrf::shard
