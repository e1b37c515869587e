// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "cli/option_set.h"
#include "cli/stats_file.h"
#include "io/stats.h"

namespace mrf::cli {

/// A program's command line and what all programs share: --help, --version, --quiet, --verbose, --stats,
/// the messages and the exit statuses.
class Command {
 public:
  /// `usage` is what follows the name in the first line of --help. `libraries` are shown by --version.
  Command(std::string name, const std::string& usage, const std::string& summary,
          std::vector<std::string> libraries);

  /// Where the program declares its options.
  OptionSet& options() { return options_; }
  /// Counted by the program, written by run() when it ends.
  io::Stats& stats() { return stats_; }

  /// To be called with each file that the program is about to write: those that no option or argument names,
  /// and any that may be "-", standard output. Throws UsageError when the statistics would take its place.
  void keep_from_stats(const std::string& path) const;

  /// Makes -q free for the program's own use; --quiet stays.
  void free_short_quiet();

  /// main(): parses, calls `body`, maps its outcome to an exit status, writes the statistics.
  /// SIGPIPE is ignored meanwhile, and raised at the end when standard output was closed early.
  int run(int argc, char** argv, const std::function<base::Status()>& body) noexcept;

 private:
  int run_checked(int argc, char** argv, const std::function<base::Status()>& body);
  bool parse(int argc, char** argv);
  void print_version() const;
  void open_stats();

  std::string name_;
  std::vector<std::string> libraries_;
  OptionSet options_;
  io::Stats stats_;
  std::string stats_path_;
  StatsFile stats_file_;
  bool quiet_ = false;
  bool verbose_ = false;
  bool version_ = false;
};

/// For the handler around all of main(), which an exception reaches that was thrown before Command::run(), as
/// when memory is short: says what happened and returns the exit status. `name` is the program's.
int status_of_current_exception(const char* name) noexcept;

/// What stands behind the first --: a filter with its words, and no options of the program. It is taken off
/// `argv`, and so is the --.
std::vector<std::string> take_filter(int& argc, char** argv);

}  // namespace mrf::cli
