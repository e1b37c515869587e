// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "io/fd.h"
#include "io/output_file.h"

namespace mrf::split {

/// Where an output goes, and how it is opened and closed. FIFOs, devices and the pipes of process
/// substitutions are opened without waiting for their reader, and writing to them never blocks; a pipe on
/// standard output likewise. Anything else is an OutputFile.
class Target {
 public:
  /// Throws SystemError "cannot open".
  explicit Target(const std::string& path);

  /// Returns whether the target is open now; false for a FIFO without a reader, which is to be tried again.
  /// Throws SystemError "cannot open", or "cannot write" when the reader has come and gone already.
  bool open();
  bool is_open() const { return fd_.is_open() || file_.has_value(); }
  io::FdRef fd() const { return file_ ? file_->fd() : io::FdRef(fd_); }
  /// A FIFO, or a pipe on standard output that does not block.
  bool is_pipe() const { return is_fifo_; }
  /// False for a regular file, which appears only when it is published.
  bool is_direct() const { return !file_ || file_->is_direct(); }
  bool is_standard_output() const { return path_ == "-"; }
  const std::string& path() const { return path_; }
  /// For messages.
  const std::string& name() const { return name_; }

  /// Finishes a regular file, which still has to be published; closes anything else. Throws SystemError.
  void close();
  /// The regular file; nullptr when the output is something else.
  io::OutputFile* file() { return file_ ? &*file_ : nullptr; }

 private:
  void open_standard_output();

  std::string path_;
  std::string name_;
  bool is_fifo_ = false;
  bool is_anonymous_ = false;
  io::Fd fd_;
  std::optional<io::OutputFile> file_;
};

/// Throws UsageError when two of the paths are the same FIFO or regular file (stat(2): st_dev, st_ino), or
/// would be once they exist.
void refuse_same_outputs(const std::vector<std::string>& paths);
/// Throws UsageError when an input that can be read only once, a FIFO or standard input, is given twice, or
/// one of the mates is another of them or an input, or the map, empty for none, can be read only once and is
/// one of all these.
void refuse_same_inputs(const std::vector<std::string>& inputs, const std::vector<std::string>& mates,
                        const std::string& map);
/// Throws UsageError when one of the outputs is a FIFO that is read, too: its end would never come.
void refuse_read_outputs(const std::vector<std::string>& outputs, const std::vector<std::string>& read);

}  // namespace mrf::split
