// SPDX-License-Identifier: MIT
#include "shard/planner.h"

#include <limits>

#include "base/error.h"
#include "record/framer.h"

namespace mrf::shard {

namespace {

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
}

std::optional<Position> CutFinder::behind(std::uint64_t offset) const {
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
  for (const std::uint64_t target : targets(first, input.state().size - first, shards)) {
    if (target <= offset_in_file(cuts.back())) continue;  // within a record that is longer than a shard
    const auto cut = finder.behind(target);
    if (!cut) break;
    if (*cut > cuts.back() && *cut < input.end()) cuts.push_back(*cut);
  }
  cuts.push_back(input.end());
  return cuts;
}

}  // namespace mrf::shard
