// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <exception>
#include <string>
#include <thread>
#include <vector>

#include "bam/output.h"
#include "io/fd.h"
#include "io/stats.h"
#include "sam/hts.h"

namespace mrf::bam {

/// Takes the bytes that htslib writes, by a pipe and a thread, to an output: htslib tells neither how many
/// they are nor what went wrong with them.
class CramOutlet {
 public:
  /// Throws SystemError, std::bad_alloc.
  explicit CramOutlet(Output& to);
  /// The writer has to be closed before.
  ~CramOutlet();
  CramOutlet(const CramOutlet&) = delete;
  CramOutlet& operator=(const CramOutlet&) = delete;

  /// The other end.
  sam::HfilePtr take_writer() { return std::move(writer_); }
  /// Waits until everything is written; the writer is closed. Adds to the output's meter. Throws what writing
  /// failed with.
  void finish(Output& to);
  /// Whether writing has failed.
  bool failed() const { return failed_; }
  /// What comes from now on is not written: the end of a file that failed.
  void abandon() { failed_ = true; }

 private:
  void run();
  void copy();
  bool wait_for_bytes() const;
  void join();

  io::Fd reader_;
  sam::HfilePtr writer_;
  io::Fd out_;
  std::string name_;
  std::vector<char> bytes_;
  io::Pipe stop_;  // its write end is closed to stop the thread
  io::Meter meter_;
  std::atomic<bool> failed_ = false;
  std::exception_ptr failure_;
  std::thread thread_;
};

}  // namespace mrf::bam
