// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shard/content.h"
#include "shard/directory.h"

namespace mrf::shard {

/// Which file was open, and its state.
struct FileState {
  std::uint64_t size = 0;  ///< in bytes
  std::string mtime;       ///< of the last change: "seconds.nanoseconds"
  std::uint64_t device = 0;
  std::uint64_t inode = 0;

  bool operator==(const FileState&) const = default;
};

/// What mrf-bamread says of the range that it has read (mrf-bamread(1), --range-report).
struct RangeReport {
  Position begin = 0;
  std::optional<Position> end;  ///< nothing where no record begins
  std::uint64_t records = 0;
  FileState file;  ///< of the input, behind the last byte that was read
};

/// From such a text. Throws DataError with `name` for any other.
RangeReport parse_range_report(std::string_view text, const std::string& name);

/// The file in parts/ that has the report of the attempt which makes `part`.
std::string range_report_of(const std::string& part);
/// Its report, whose file is removed; nothing when the range was not read to its end. Throws as
/// parse_range_report() does, SystemError.
std::optional<RangeReport> take_range_report(const Directory& directory, const std::string& part);

/// --range of mrf-bamread.
std::string range_text(Position begin, Position end);

}  // namespace mrf::shard
