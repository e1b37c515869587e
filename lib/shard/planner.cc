// SPDX-License-Identifier: MIT
#include "shard/planner.h"

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "record/framer.h"
#include "shard/index_starts.h"
#include "shard/record_walk.h"

namespace mrf::shard {

namespace {

// A cut of the index may make a shard larger or smaller by an eighth of one: the index of a deeply sequenced
// place has no start for a long way.
constexpr std::uint64_t pieces_to_indexed = 8;
constexpr int most_indexed = 3;  // that are looked at; an index of another file has no right ones
constexpr std::uint64_t most_walked = std::uint64_t{4} << 20;  // stored bytes

// The first place in what `content` shows and will show that `find` likes; consumed up to it.
template <typename Find>
bool move_to(Content& content, const Find& find) {
  bool has_ended = false;
  for (;;) {
    const Candidate candidate = find(content.view(), has_ended);
    content.consume(candidate.offset);
    if (candidate.state == Candidate::State::found) return true;
    if (candidate.state == Candidate::State::none || has_ended) return false;
    has_ended = !content.more();
  }
}

// An input of another kind would be searched to its end for a record, in vain.
void check_front(const Input& input) {
  if (input.first() == input.end()) return;
  const Storage storage = input.state().storage;
  const Position from =
      storage == Storage::plain ? input.first() : block_position(block_offset(input.first()));
  Content content(input.fd(), input.name(), storage, from, input.meter());
  content.more();
  const auto start = content.offset_of(input.first());
  if (start) content.consume(*start);
  record::make_framer(input.form().record, input.name())
      ->take(content.view(), std::numeric_limits<std::uint64_t>::max());
}

// Containers tell where the next one begins: no search is needed.
std::vector<Position> cuts_of_cram(const Input& input, std::uint64_t shards) {
  std::vector<Position> cuts{input.first()};
  const auto wanted = targets(input.first(), input.end() - input.first(), shards);
  auto target = wanted.begin();
  for (std::uint64_t at = input.first(); at < input.end() && target != wanted.end();) {
    const CramContainer container = input.cram().container_at(at);
    if (container.is_end_of_file) break;
    if (at >= *target && at > cuts.back()) cuts.push_back(at);
    while (target != wanted.end() && *target <= at) ++target;
    at = container.end;
  }
  cuts.push_back(input.end());
  return cuts;
}

}  // namespace

CutFinder::CutFinder(const Input& input) : input_(input) {
  if (input.form().record.kind == record::RecordForm::Kind::bam)
    references_ = number_of_references(input.header());
  if (references_ > 0 && input.state().storage == Storage::bgzf)
    indexed_ = starts_of_index_beside(input.state().path, references_);
}

// The index may be of another file, or of this one as it was: what it says is confirmed by the records there.
std::optional<Position> CutFinder::indexed(std::uint64_t offset, std::uint64_t most_behind) const {
  auto start = std::lower_bound(indexed_.begin(), indexed_.end(), block_position(offset));
  for (int looks = 0; looks < most_indexed && start != indexed_.end(); ++looks, ++start) {
    if (block_offset(*start) - offset > most_behind) break;
    if (const auto cut = confirmed(*start)) return cut;
  }
  return std::nullopt;
}

std::optional<Position> CutFinder::walked(std::uint64_t offset) const {
  const Position target = block_position(offset);
  const auto behind = std::lower_bound(indexed_.begin(), indexed_.end(), target);
  if (behind == indexed_.begin() || offset - block_offset(*std::prev(behind)) > most_walked)
    return std::nullopt;
  const auto start = confirmed(*std::prev(behind));
  if (!start) return std::nullopt;
  try {
    RecordWalk walk(input_, *start, input_.name());
    while (!walk.is_over(target)) walk.step(target, RecordWalk::no_limit, [](std::string_view) {});
    return walk.position();
  } catch (const base::DataError&) {
    return std::nullopt;  // the index has misled it, or the input is damaged, which its shard will tell
  }
}

std::optional<Position> CutFinder::confirmed(Position start) const {
  try {
    Content content(input_.fd(), input_.name(), Storage::bgzf, block_position(block_offset(start)),
                    input_.meter());
    bool has_ended = !content.more();
    while (!has_ended && !content.offset_of(start)) has_ended = !content.more();
    content.consume(content.offset_of(start).value_or(content.view().size()));
    Candidate records = confirm_bam(content.view(), has_ended, references_);
    while (records.state == Candidate::State::more) {
      has_ended = !content.more();
      records = confirm_bam(content.view(), has_ended, references_);
    }
    if (records.state == Candidate::State::found) return content.position(0);
  } catch (const base::DataError&) {
    // No block begins there.
  }
  return std::nullopt;
}

std::optional<Position> CutFinder::behind(std::uint64_t offset, std::uint64_t most_behind) const {
  if (const auto cut = indexed(offset, most_behind)) return cut;
  if (const auto cut = walked(offset)) return cut;
  if (input_.state().storage == Storage::plain) return record_from(offset);
  for (auto block = block_from(offset); block; block = block_from(*block + 1)) {
    try {
      return record_from(block_position(*block));
    } catch (const base::DataError&) {
      // No block begins there, though it looked so; or the input is damaged, which its shard will tell.
    }
  }
  return std::nullopt;
}

std::optional<std::uint64_t> CutFinder::block_from(std::uint64_t offset) const {
  Content stored(input_.fd(), input_.name(), Storage::plain, offset, input_.meter());
  if (!move_to(stored, find_block)) return std::nullopt;
  return stored.position(0);
}

std::optional<Position> CutFinder::record_from(Position from) const {
  Content content(input_.fd(), input_.name(), input_.state().storage, from, input_.meter());
  const auto find = [this](std::string_view bytes, bool at_end) {
    return find_record(bytes, at_end, input_.form().record, references_);
  };
  if (!move_to(content, find)) return std::nullopt;
  return content.position(0);
}

std::vector<Position> find_cuts(const Input& input, std::uint64_t shards) {
  if (input.form().is_cram) return cuts_of_cram(input, shards);
  std::vector<Position> cuts{input.first()};
  check_front(input);
  const Storage storage = input.state().storage;
  const auto offset_in_file = [storage](Position position) { return stored_offset(position, storage); };
  const std::uint64_t first = offset_in_file(input.first());
  const CutFinder finder(input);
  const std::uint64_t most_behind = (input.state().size - first) / shards / pieces_to_indexed;
  for (const std::uint64_t target : targets(first, input.state().size - first, shards)) {
    if (target <= offset_in_file(cuts.back())) continue;  // within a record that is longer than a shard
    const auto cut = finder.behind(target, most_behind);
    if (!cut) break;
    if (*cut > cuts.back() && *cut < input.end()) cuts.push_back(*cut);
  }
  cuts.push_back(input.end());
  return cuts;
}

}  // namespace mrf::shard
