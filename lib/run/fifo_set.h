// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "io/fd.h"
#include "io/reactor.h"
#include "run/workspace.h"
#include "workflow/plan.h"

namespace mrf::run {

enum class Side { reader, writer };

/// How often a FIFO was sampled while both its ends were in use, and was found empty or full.
struct FifoSamples {
  std::uint64_t taken = 0;
  std::uint64_t empty = 0;
  std::uint64_t full = 0;
  bool in_use = false;  ///< at the last sample
  bool was_empty = false;
  bool was_full = false;
};

/// What a job has done with its end of a FIFO. "Through": its job has succeeded, or it has closed a FIFO
/// whose end is the close.
enum class EndUse { unopened, open, through };

/// A FIFO at a moment.
struct FifoState {
  EndUse reader = EndUse::unopened;
  EndUse writer = EndUse::unopened;
  std::size_t bytes = 0;  ///< in it
  bool is_full = false;
  bool is_left_open = false;  ///< one end is through, but a process that its job left behind has it
};

/// The supervisor's own ends of all FIFOs (mrf-workflow(5), End of data). It opens both ends of each FIFO,
/// with one descriptor, before any job starts, so that no open(2) of a job waits.
///
/// It closes its write end when the writer is through and the reader has opened the FIFO: from then on the
/// kernel gives the reader its end-of-file as soon as nothing that the writer left behind holds the FIFO. It
/// closes its read end when the reader is through and the writer has opened the FIFO: then the writer gets
/// SIGPIPE. A job that failed is never through: its readers see no end of data. A job that closes and opens
/// its end meanwhile changes nothing, and time does not count.
///
/// A job that runs on may open such an end once more. Until then the supervisor holds it again, so that this
/// open(2) does not wait either.
class FifoSet {
 public:
  /// Called for a job that has succeeded before it had read what mrf-distribute wrote for it.
  using OnUnread = std::function<void(std::size_t job)>;

  /// Opens all ends and asks for `pipe_size` bytes a FIFO, 0: 16 MiB shared out, at most 1 MiB each. `plan`
  /// and `reactor` outlive the object. Throws SystemError.
  FifoSet(const workflow::Plan& plan, const Workspace& workspace, std::size_t pipe_size, io::Reactor& reactor,
          OnUnread on_unread);

  /// Readable when read_events() has something to take.
  io::FdRef events() const { return inotify_; }
  /// Takes some of what the jobs opened and closed meanwhile; false when there was nothing. Throws
  /// SystemError when the kernel has lost events.
  bool read_events();
  /// Whether read_events() has something to take.
  bool has_events() const;
  /// No event counts any more. The kernel takes some 20 ms to forget a watch, and close(2) waits for that
  /// unless it was asked for so much earlier.
  void stop_watching() noexcept;
  /// The FIFO's name for the supervisor.
  const std::string& path(std::size_t fifo) const { return fifos_[fifo].path; }
  /// The error, if a job has opened again a FIFO whose end was its close, or that is read once, or has put
  /// another file in the place of one.
  const std::optional<base::Error>& fault() const { return fault_; }
  /// The job has succeeded, and nothing that it left behind will open one of its ends: they are through, and
  /// OnUnread is called where it applies, now or when more is written for the job. `by_reader`: by SIGPIPE,
  /// since a reader of its own was through.
  void job_succeeded(std::size_t job, bool by_reader);
  /// A job of a section's next round is about to start. Throws SystemError.
  void expect_writer(std::size_t job);
  /// The reader of one of the job's FIFOs that is through, so that SIGPIPE may have come from there.
  std::optional<std::size_t> lost_reader(std::size_t job) const;
  /// The same for a job of which nothing else is cut off then (workflow::writes_one_stream()): SIGPIPE is its
  /// success.
  bool may_end_by_reader(std::size_t job) const;

  /// Samples every FIFO whose ends are both in use: empty, full or in between.
  void sample();
  FifoState state(std::size_t fifo) const;
  const FifoSamples& samples(std::size_t fifo) const { return fifos_[fifo].samples; }

 private:
  struct End {
    bool opened = false;
    bool was_opened = false;  // at least once
    bool has_closed = false;  // at least once
    bool through = false;
  };
  /// The ends that the supervisor has open.
  enum class Held { none, read, write, both };
  struct Fifo {
    std::string path;
    std::string writers_path;
    io::Fd fd;
    Held held = Held::none;
    std::size_t writers_left = 1;  // that have not succeeded
    bool must_be_read = false;
    bool is_read_once = false;  // opened a second time by its reader, it is read by two, or after a loss
    bool is_watched = false;
    bool is_left_unread = false;  // then its writer gets no SIGPIPE: the reader's failure is the only one
    bool is_closed = false;       // one whose end is the close
    End reader;
    End writer;
    FifoSamples samples;
  };

  static bool reads(Held held) { return held == Held::read || held == Held::both; }
  static bool writes(Held held) { return held == Held::write || held == Held::both; }
  /// Whether its reader is through, and nothing was written for it in vain.
  static bool is_let_go(const Fifo& fifo) {
    return fifo.reader.through && !fifo.is_watched && !fifo.is_left_unread;
  }
  void writer_succeeded(std::size_t fifo);
  void check_in_place(std::size_t job);
  void watch(const std::string& directory, Side side);
  int add_watch(const std::string& path, std::uint32_t events);
  void count_opens(const std::string& path);
  void check_opened(const Fifo& fifo, Side side);
  static void wake_second_reader(const Fifo& fifo);
  void on_event(std::size_t fifo, Side side, bool is_open);
  void settle(Fifo& fifo);
  void hold(Fifo& fifo, Held ends);
  void watch_for_unread(std::size_t fifo);
  void check_unread(std::size_t fifo);
  void hold_for_reader(Fifo& fifo);
  void hold_for_writer(Fifo& fifo);
  static bool is_read(const Fifo& fifo);
  static bool is_left_open(const Fifo& fifo);
  static std::size_t bytes_in(const Fifo& fifo);

  const workflow::Plan& plan_;
  std::vector<Fifo> fifos_;
  std::map<std::string, std::size_t> by_file_name_;
  io::Reactor& reactor_;
  OnUnread on_unread_;
  std::optional<base::Error> fault_;
  io::Fd inotify_;
  int watches_[2] = {-1, -1};
  std::vector<int> all_watches_;
};

}  // namespace mrf::run
