// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/command_piece.h"
#include "shard/content.h"

namespace mrf::shard {

/// What an input was when its cuts were planned.
struct InputState {
  std::string path;           ///< as the command names it
  std::uint64_t size = 0;     ///< in bytes
  std::string mtime;          ///< of the last change: "seconds.nanoseconds"
  std::string header_digest;  ///< of the content in front of the first record
  Storage storage = Storage::plain;

  bool operator==(const InputState&) const = default;
};

/// An input cut into shards (mrf-run(1), Shards): shard i has the records that begin at cuts[i] or behind it,
/// and in front of cuts[i + 1].
struct Plan {
  std::string directory;               ///< the working directory of the command
  std::vector<std::string> arguments;  ///< its words, without its name and without those about shards
  std::uint64_t wanted = 1;            ///< how many shards were asked for
  InputState input;
  std::vector<Position> cuts;  ///< from the first record to the end of the input, ever larger; two at least
  /// Of mates, the second input: as many cuts, in front of which it has as many records as the first.
  std::optional<InputState> mate{};
  std::vector<Position> mate_cuts{};
  /// No other plan has it: what was made for a plan that is gone is never taken for this one's.
  std::string id{};
  bool writes_index = false;  ///< the join writes an index, unless it is told otherwise

  std::size_t shards() const { return cuts.size() - 1; }
};

/// The plan of the second input alone.
Plan plan_of_mate(const Plan& plan);

/// The whole of plan.json. Throws UsageError for words that are not UTF-8, which JSON cannot hold.
std::string plan_text(const Plan& plan);
/// From such a text. Throws DataError with `name` for any other.
Plan parse_plan(std::string_view text, const std::string& name);
/// Whether it is a plan whose form only another version of mrf-run reads.
bool is_plan_of_other_version(std::string_view text);

/// For Plan::id: 32 hexadecimal digits. Throws SystemError.
std::string new_plan_id();

/// Why shards of `plan` cannot be used for the command of `wanted`, a plan of which `cuts` may be missing;
/// empty when they can. The id and what the join does besides may differ.
std::string difference(const Plan& plan, const Plan& wanted);

/// The words of a command without the options about shards and those that change nothing of the parts and may
/// differ when it is given again: see mrf-run(1), Options of shards.
std::vector<std::string> words_of_command(const std::vector<base::CommandPiece>& pieces);

/// Where `shards` cuts are looked for in `size` bytes from `first` on: the beginnings of equal pieces but the
/// first one, without those that are equal.
std::vector<std::uint64_t> targets(std::uint64_t first, std::uint64_t size, std::uint64_t shards);

}  // namespace mrf::shard
