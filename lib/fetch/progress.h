// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "fetch/outcome.h"

namespace mrf::fetch {

enum class ProgressStyle {
  none,
  bar,   ///< one line per running file, and one for a list, redrawn
  log,   ///< a line per running file, and one for a list, every ten seconds
  json,  ///< a JSON object per file at its end, for lists each second and at the end
};

/// "bar", "log", "json" or "none"; "" is bar when standard error is a terminal, else log. Throws UsageError.
ProgressStyle parse_progress_style(const std::string& text);

/// What is known of a list before it is fetched.
struct ListSize {
  std::size_t files = 0;
  std::size_t sized_files = 0;    ///< whose size the list has
  std::uint64_t sized_bytes = 0;  ///< of these
};

/// Where a list stands.
struct ListState {
  std::size_t files = 0;
  std::size_t ended = 0;               ///< files
  std::uint64_t bytes = 0;             ///< of files that ended and of those that run
  std::optional<std::uint64_t> total;  ///< bytes
  bool is_estimate = false;   ///< sizes of some files are not known, and taken to be as those of the others
  double bytes_a_second = 0;  ///< over the network, lately
  std::optional<double> left_s;
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

  /// The files are those of a list.
  void begin_list(const ListSize& size);
  /// A file begins; returns its number. `size` in bytes, when the list has it.
  std::uint64_t begin(const std::string& name, std::optional<std::uint64_t> size = std::nullopt);
  void update(std::uint64_t file, std::uint64_t bytes, std::optional<std::uint64_t> total);
  void end(std::uint64_t file, const Outcome& outcome);
  /// The file is put off, and then has this `size`, or of no interest any more.
  void drop(std::uint64_t file, std::optional<std::uint64_t> size = std::nullopt);
  /// The list is over. `status` is the one that the program ends with.
  void end_list(const OutcomeCounts& counts, double wall_s, int status);

 private:
  /// Bytes that had come at a time.
  struct Sample {
    Clock::time_point time;
    std::uint64_t bytes;
  };
  struct File {
    std::string name;
    Clock::time_point started;
    Clock::time_point logged;
    std::uint64_t first_bytes = 0;
    std::uint64_t bytes = 0;
    std::optional<std::uint64_t> total;
    bool updated = false;
    std::optional<std::uint64_t> size;  ///< that is counted among those of the list
  };

  void count_size(File& file, std::uint64_t size);
  static std::uint64_t came_of(const File& file);

  void show_list(Clock::time_point now);
  ListState list_state(Clock::time_point now);
  void draw(Clock::time_point now);
  static std::string line_of(const File& file, std::size_t columns, bool color);

  ProgressStyle style_;
  Clock::duration log_every_;
  bool color_;
  std::mutex mutex_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, File> files_;
  Clock::time_point drawn_;
  std::optional<ListSize> list_;
  Clock::time_point list_begun_;
  Clock::time_point list_shown_;
  std::size_t ended_ = 0;          ///< files of the list
  std::uint64_t ended_bytes_ = 0;  ///< theirs
  std::uint64_t came_ = 0;         ///< bytes over the network, of files that ended
  std::deque<Sample> samples_;     ///< of the last ten seconds
};

/// A text of at most `columns` columns: name, percent, rate, time left; the name is cut when they are few.
std::string progress_line(const std::string& name, std::uint64_t bytes, std::optional<std::uint64_t> total,
                          double bytes_a_second, std::size_t columns);

/// The same for a list: files, bytes, percent, rate, time left, as much as fits: "12 of 300 files, 3.4 GiB of
/// 9.1 GiB  37%  120 MiB/s 01:40". A time left that is an estimate begins with '~'.
std::string list_line(const ListState& state, std::size_t columns);

}  // namespace mrf::fetch
