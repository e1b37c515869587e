// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace mrf::fetch {

enum class ProgressStyle {
  none,
  bar,   ///< one line per running file, redrawn
  log,   ///< a line per running file every ten seconds
  json,  ///< a JSON object per file at its end
};

/// "bar", "log", "json" or "none"; "" is bar when standard error is a terminal, else log. Throws UsageError.
ProgressStyle parse_progress_style(const std::string& text);

/// The end of one file, for a line of JSON.
struct FileEnd {
  std::string url;  ///< without secrets
  std::string target;
  std::uint64_t bytes = 0;
  std::string verified_by;
  int status = 0;
  std::string error;
};

/// Shows on standard error how far files have come. Any thread.
class ProgressDisplay {
 public:
  using Clock = std::chrono::steady_clock;

  /// `log_every` is the time between two lines of a file in style log.
  explicit ProgressDisplay(ProgressStyle style, Clock::duration log_every = std::chrono::seconds(10));
  /// Takes the bar away.
  ~ProgressDisplay();
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

  /// A file begins; returns its number.
  std::uint64_t begin(const std::string& name);
  void update(std::uint64_t file, std::uint64_t bytes, std::optional<std::uint64_t> total);
  void end(std::uint64_t file, const FileEnd& how);
  /// The file is put off, or of no interest any more.
  void drop(std::uint64_t file);

 private:
  struct File {
    std::string name;
    Clock::time_point started;
    Clock::time_point logged;
    std::uint64_t first_bytes = 0;
    std::uint64_t bytes = 0;
    std::optional<std::uint64_t> total;
    bool updated = false;
  };

  void draw();
  static std::string line_of(const File& file, std::size_t columns, bool color);

  ProgressStyle style_;
  Clock::duration log_every_;
  bool color_;
  std::mutex mutex_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, File> files_;
  Clock::time_point drawn_;
};

/// A text of at most `columns` columns: name, percent, rate, time left; the name is cut when they are few.
std::string progress_line(const std::string& name, std::uint64_t bytes, std::optional<std::uint64_t> total,
                          double bytes_a_second, std::size_t columns);

}  // namespace mrf::fetch
