// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "io/output_file.h"
#include "io/temporaries.h"
#include "process/left_behind.h"

namespace mrf::chunk {

/// The files that the filter of a chunk may leave beside its output: its return value (MRF_RESULT), and its
/// part of the side table (MRF_SIDE). They are temporary files with names, one for each chunk that is not
/// joined yet, and count when the chunk's filter has succeeded. Filters may leave a return value when this
/// process may, as under mrf-run.
class FilterFiles {
 public:
  /// `side` is where the parts of the side table go, one after the other; "": there is none. Throws
  /// SystemError.
  explicit FilterFiles(const std::string& side);
  /// Removes the files that were neither taken nor dropped.
  ~FilterFiles();
  FilterFiles(const FilterFiles&) = delete;
  FilterFiles& operator=(const FilterFiles&) = delete;

  /// New files for a filter of the chunk, in place of those of an earlier try. Throws SystemError.
  void begin(std::uint64_t chunk);
  /// The environment of the chunk's filter: "NAME=VALUE".
  std::vector<std::string> environment(std::uint64_t chunk) const;
  bool empty() const { return !has_results_ && !side_; }
  /// What a process that the filter left behind may still write: the return value when it has that open
  /// already, the side table when it opens it later, too.
  std::vector<process::AwaitedFile> awaited(std::uint64_t chunk) const;
  /// The chunk's filter has succeeded, and so have those of the chunks before it. A return value that cannot
  /// be taken is a warning. Throws SystemError when the side table cannot be written.
  void take(std::uint64_t chunk);
  /// The chunk is left out.
  void drop(std::uint64_t chunk);
  /// All chunks were taken or dropped: the side table gets its name. Throws SystemError.
  void finish();

  /// The return values in the order of the chunks, empty for a chunk without one; none when no chunk has one.
  const std::vector<std::optional<std::string>>& results() const { return results_; }

 private:
  struct Files {
    io::Temporary result;
    io::Temporary side;
  };

  void take_result(const io::Temporary& file, std::uint64_t chunk);
  void take_side(const io::Temporary& file, std::uint64_t chunk);

  const bool has_results_;
  const std::string directory_;
  std::optional<io::OutputFile> side_;
  std::map<std::uint64_t, Files> files_;  // by chunk
  std::vector<std::optional<std::string>> results_;
  std::uint64_t taken_ = 0;  // chunks, and those that were dropped
  std::size_t result_bytes_ = 0;
};

}  // namespace mrf::chunk
