// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <string>
#include <string_view>

#include "io/fd.h"
#include "io/stats.h"

namespace mrf::fetch {

/// Thrown where a wait was ended by stop(), or by INT, TERM or HUP while an InterruptionScope was alive. Not
/// an error: whoever ended the wait knows why.
struct Stopped {};

/// A pipe, FIFO or device that is written without an end to every wait for its reader: for one to come, and
/// for room. O_NONBLOCK is set on an open file of its own only, never on one that other processes have, too.
class StoppablePipe {
 public:
  /// Whether opening `path` or writing to it may wait for somebody else: what exists and is no regular file.
  static bool is_one(const std::string& path);

  explicit StoppablePipe(std::string path);

  /// Waits for the reader of a FIFO. Throws SystemError "cannot open", Stopped.
  void open();
  /// "standard output" or the path.
  const std::string& name() const { return name_; }
  /// Throws ClosedOutput when the reader is gone, SystemError "cannot write", Stopped.
  void write(std::string_view bytes, io::Meter& meter);
  /// Throws SystemError "cannot write".
  void close();
  /// Ends the waits, those to come, too. Any thread.
  void stop() { is_stopped_ = true; }

 private:
  void open_path();
  void open_inherited(int number);
  void wait_for_room() const;
  void throw_if_stopped() const;

  std::string path_;
  std::string name_;
  io::Fd fd_;
  bool blocks_ = false;  ///< write(2) waits when there is less room than it is given
  std::atomic<bool> is_stopped_{false};
};

}  // namespace mrf::fetch
