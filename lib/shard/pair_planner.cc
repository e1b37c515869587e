// SPDX-License-Identifier: MIT
#include "shard/pair_planner.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <string_view>

#include "base/error.h"
#include "record/framer.h"
#include "shard/content.h"

namespace mrf::shard {

namespace {

constexpr auto no_limit = std::numeric_limits<std::uint64_t>::max();

// A position behind whole records, from the first one on.
class CountedWalk {
 public:
  explicit CountedWalk(const Input& input)
      : content_(input.fd(), input.name(), input.state().storage,
                 input.state().storage == Storage::bgzf ? block_position(block_offset(input.first()))
                                                        : input.first(),
                 input.meter()),
        framer_(record::make_framer(input.form().record, input.name())) {
    std::size_t skipped = input.state().storage == Storage::bgzf ? input.first() & 0xffff : 0;
    while (content_.view().size() < skipped && more()) {
    }
    skipped = std::min(skipped, content_.view().size());
    content_.consume(skipped);
    wait_for_byte();
  }

  Position position() const { return content_.position(0); }
  std::uint64_t records() const { return records_; }
  bool is_over() const { return has_ended_ && content_.view().empty(); }

  // To the first record that is stored at or behind `place`, or to the end.
  void pass_to(Position place) {
    while (!is_over()) {
      const auto rest = content_.offset_of(place);
      if (rest && *rest == 0) return;
      step(content_.view().substr(0, rest.value_or(content_.view().size())), no_limit);
    }
  }

  // Over records until there have been `records`, or to the end.
  void pass(std::uint64_t records) {
    while (records_ < records && !is_over()) step(content_.view(), records - records_);
  }

 private:
  void step(std::string_view front, std::uint64_t most) {
    record::Span span = framer_->take(front, most);
    if (span.bytes == 0 && front.size() < content_.view().size()) span = framer_->take(content_.view(), 1);
    if (span.bytes > 0) {
      take(span);
    } else if (!more()) {
      framer_->complete(content_.view());
      take({content_.view().size(), 1});
    }
    wait_for_byte();
  }
  void take(const record::Span& span) {
    content_.consume(span.bytes);
    records_ += span.records;
  }
  bool more() {
    has_ended_ = has_ended_ || !content_.more();
    return !has_ended_;
  }
  // So that position() is that of a byte, or the end's.
  void wait_for_byte() {
    while (content_.view().empty() && more()) {
    }
  }

  Content content_;
  std::unique_ptr<record::Framer> framer_;
  std::uint64_t records_ = 0;
  bool has_ended_ = false;
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
  walk.pass(no_limit);
  mate.pass(no_limit);
  if (walk.records() != mate.records())
    throw base::DataError("cut", second.name(),
                          fmt::format("it has {} records, and '{}' has {}: they are not mates",
                                      mate.records(), first.name(), walk.records()));
  cuts.first.push_back(first.end());
  cuts.second.push_back(second.end());
  return cuts;
}

}  // namespace mrf::shard
