// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shard/command_files.h"
#include "shard/content.h"

namespace mrf::shard {

/// Which records a shard had.
struct Landing {
  Position start = 0;            ///< of its first record
  Position landed = 0;           ///< of the first record behind it, or of the input's end
  std::uint64_t records_in = 0;  ///< how many there were

  bool operator==(const Landing&) const = default;
};

/// What a shard has done (mrf-run(1), Shards).
struct Receipt {
  std::string plan;  ///< the digest of plan.json
  std::uint64_t shard = 0;
  Landing landing;
  std::string part;             ///< its name in parts/
  std::uint64_t part_size = 0;  ///< in bytes
  std::string part_digest;
  std::string host;
  std::string started;  ///< in UTC, as 2026-01-31T23:59:59Z
  double seconds = 0;
  /// Of mates, the second input; its part where there are two outputs.
  std::optional<Landing> mate{};
  std::string mate_part{};
  std::uint64_t mate_part_size = 0;
  std::string mate_part_digest{};
  std::optional<std::uint64_t> records_out{};  ///< in the part; nothing where nobody counted them
  std::vector<CommandFile> files{};            ///< of the filter, as they were at the start
};

/// With the second input's landing and part in place of the first's.
Receipt receipt_of_mate(const Receipt& receipt);

std::string landing_text(const Landing& landing);
/// From such a text. Throws DataError with `name` for any other.
Landing parse_landing(std::string_view text, const std::string& name);

std::string receipt_text(const Receipt& receipt);
/// From such a text. Throws DataError with `name` for any other, and for a part whose name leads elsewhere.
Receipt parse_receipt(std::string_view text, const std::string& name);

}  // namespace mrf::shard
