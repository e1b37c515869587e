// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "io/fd.h"
#include "process/proc_tree.h"
#include "run/workspace.h"
#include "workflow/plan.h"

namespace mrf {

enum class Side { reader, writer };

/// An end of a FIFO, by the FIFO's index in the plan.
struct FifoEnd {
  std::size_t fifo = 0;
  Side side = Side::reader;
};

/// A job has opened an end, or closed it.
struct FifoEvent {
  FifoEnd end;
  bool is_close = false;
};

/// How often a FIFO was looked at while both its ends were in use, and was found empty or full.
struct FifoSamples {
  std::uint64_t looks = 0;
  std::uint64_t empty = 0;
  std::uint64_t full = 0;
  bool in_use = false;  ///< at the last look
  bool was_empty = false;
  bool was_full = false;
};

/// What a job has done with its end of a FIFO.
enum class EndUse { unopened, open, through };

/// A FIFO at a moment.
struct FifoLook {
  EndUse reader = EndUse::unopened;
  EndUse writer = EndUse::unopened;
  std::size_t bytes = 0;  ///< in it
  bool is_full = false;
  bool is_left_open = false;  ///< one end is through, but a process that its job left behind has it
};

/// The supervisor's own ends of all FIFOs. It opens both ends of each before any job starts, so that
/// no open(2) of a job waits. Its write end is closed while the (last) writer is through and the reader has
/// its own: then the reader sees end-of-file. Its read end is closed while the reader is through and the
/// writer has its own: then the writer gets SIGPIPE. "Through" is the supervisor's word for an end
/// that a running job closed (ClosedEnds), or whose job has ended; so no job sees a false end-of-file from
/// one that failed. Jobs open and close their own ends; the workspace removes the FIFOs.
class FifoSet {
 public:
  /// Opens all ends and asks for `pipe_size` bytes a FIFO, 0: 16 MiB shared out, at most 1 MiB each. Throws
  /// SystemError.
  FifoSet(const Plan& plan, const Workspace& workspace, std::size_t pipe_size);

  /// Readable when read_events() has something to say.
  FdRef events() const { return inotify_; }
  /// Notes which ends the jobs opened, and returns what they opened and closed; no closes of FIFOs with
  /// several writers, which are through when the last one has ended. Throws SystemError.
  std::vector<FifoEvent> read_events();
  /// The job at this end has ended; said once for each of several writers.
  void set_through(FifoEnd end);
  /// The job at this end has closed it and goes on. If it opens it again, that open(2) will not wait.
  void set_closed(FifoEnd end);
  /// The job at this end, which had closed it, has it open again. Returns false when the other end has been
  /// told already: a reader that may have seen the end, a writer that may have had SIGPIPE.
  bool reopen(FifoEnd end);
  /// Whether a descendant of the job that runs as `pid` has this end open.
  bool is_held(FifoEnd end, pid_t pid) const;
  /// The next of several writers is about to start: its open(2) will not wait either, even when the reader is
  /// through. Throws SystemError.
  void expect_next_writer(std::size_t fifo);
  bool is_through(FifoEnd end) const {
    const Fifo& fifo = fifos_[end.fifo];
    return (end.side == Side::reader ? fifo.reader : fifo.writer).through;
  }
  /// Looks at every FIFO that is still held: empty, full or in between.
  void sample();

  FifoLook look(std::size_t fifo) const;
  const FifoSamples& samples(std::size_t fifo) const { return fifos_[fifo].samples; }

 private:
  struct EndState {
    Fd held;
    bool opened = false;
    bool through = false;
    bool ended = false;
    bool was_told = false;
  };
  struct Fifo {
    std::string path;
    FileId id;
    std::size_t writers = 1;
    std::size_t writers_left = 1;
    EndState reader;
    EndState writer;
    FifoSamples samples;
  };

  static bool is_left_open(const Fifo& fifo);
  void watch(const std::string& directory, Side side);
  EndState& state(FifoEnd end);
  void hold(Fifo& fifo, Side side);
  void release(std::size_t fifo);

  std::vector<Fifo> fifos_;
  std::map<std::string, std::size_t> by_file_name_;
  Fd inotify_;
  int watches_[2] = {-1, -1};
};

}  // namespace mrf
