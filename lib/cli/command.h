// SPDX-License-Identifier: MIT
#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "stream/stats.h"
#include "sys/status.h"

namespace mrf {

/// A program's command line and what all programs share: --help, --version, --quiet, --verbose, --stats,
/// the messages and the exit statuses.
class Command {
 public:
  /// `usage` is what follows the name in the first line of --help. `libraries` are shown by --version.
  Command(std::string name, std::string usage, std::string summary, std::vector<std::string> libraries);

  /// Where the program declares its options. Nothing is marked as required there: an unknown option
  /// is to be named before what is missing.
  CLI::App& options() { return app_; }
  /// Counted by the program, written by run() when it ends.
  Stats& stats() { return stats_; }

  /// Makes -q free for the program's own use; --quiet stays.
  void free_short_quiet();

  /// Adds an option whose value is a number of bytes with an optional K, M or G (powers of 1024).
  CLI::Option* add_size(const std::string& names, std::uint64_t& bytes, const std::string& description);
  /// Adds an option that may be given several times, one value each time.
  CLI::Option* add_repeatable(const std::string& names, std::vector<std::string>& values,
                              const std::string& description);

  /// main(): parses, calls `body`, maps its outcome to an exit status, writes the statistics.
  /// SIGPIPE is ignored meanwhile, and raised at the end when standard output was closed early.
  int run(int argc, char** argv, const std::function<Status()>& body) noexcept;

 private:
  int run_checked(int argc, char** argv, const std::function<Status()>& body);
  bool parse(int argc, char** argv);
  void print_version() const;

  std::string name_;
  std::vector<std::string> libraries_;
  CLI::App app_;
  Stats stats_;
  std::string stats_path_;
  bool quiet_ = false;
  bool verbose_ = false;
  bool version_ = false;
};

/// "10", "64K", "1M", "2G" in bytes (powers of 1024, lower case too). Throws UsageError for anything else.
std::uint64_t parse_size(const std::string& text);

}  // namespace mrf
