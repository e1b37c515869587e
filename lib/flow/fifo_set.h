// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "flow/plan.h"
#include "flow/workspace.h"
#include "sys/fd.h"

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
};

/// What a job has done with its end of a FIFO.
enum class EndUse { unopened, open, through };

/// A FIFO at a moment.
struct FifoLook {
  EndUse reader = EndUse::unopened;
  EndUse writer = EndUse::unopened;
  std::size_t bytes = 0;  ///< in it
  bool is_full = false;
};

/// The supervisor's own ends of all FIFOs. It opens both ends of each before any job starts, so that
/// no open(2) of a job waits. It closes its write end when the (last) writer is through and the reader has
/// opened: then the reader sees end-of-file. It closes its read end when the reader is through and the
/// writer has opened: then the writer gets SIGPIPE. "Through" is the supervisor's word for an end
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
  /// The job at this end will not use it any more; said once for each of several writers.
  void set_through(FifoEnd end);
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
  };
  struct Fifo {
    std::string path;
    std::size_t writers = 1;
    std::size_t writers_left = 1;
    EndState reader;
    EndState writer;
    FifoSamples samples;
  };

  void watch(const std::string& directory, Side side);
  EndState& state(FifoEnd end);
  void release(std::size_t fifo);

  std::vector<Fifo> fifos_;
  std::map<std::string, std::size_t> by_file_name_;
  Fd inotify_;
  int watches_[2] = {-1, -1};
};

}  // namespace mrf
