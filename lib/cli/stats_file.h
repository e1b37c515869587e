// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "io/output_file.h"
#include "io/stats.h"

namespace mrf::cli {

/// The file of --stats, and the one that stats_prefix_variable asks for.
class StatsFile {
 public:
  /// A regular file is opened now, so that what cannot be written is known before the work; "-" is standard
  /// output, "" none. Throws Error.
  void open(const std::string& path);
  /// Writes one JSON object; `status` is how the program is going to end. Throws Error, unless open() did.
  void write(const std::string& tool, const io::Stats& stats, int status);

 private:
  std::string path_;
  std::optional<io::OutputFile> file_;
};

}  // namespace mrf::cli
