// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/block_pool.h"
#include "io/fd.h"
#include "io/last_bytes.h"
#include "io/output_file.h"
#include "io/reader.h"
#include "io/stats.h"

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

/// One output and the bytes that wait for it, in order: blocks that they were copied into, and ranges
/// of a file, which go into a pipe without being copied (splice(2)).
class Output {
 public:
  /// `pool` and `meter` outlive the output; `meter` counts the bytes written. Throws SystemError.
  Output(const std::string& path, io::BlockPool& pool, io::Meter& meter);

  const Target& target() const { return target_; }
  Target& target() { return target_; }
  std::size_t queued_bytes() const { return queued_; }
  std::size_t queued_ranges() const { return ranges_; }

  /// Keeps the last `bytes` of the records (io::LastBytes): what is appended or written from now on, as
  /// begin_records() and end_records() part it, is copied just before it is written. Throws SystemError.
  void keep_last(std::size_t bytes);
  bool keeps_last() const { return last_ != nullptr; }
  /// The header, `bytes`, is appended from here to end_header(). It is kept beside the last records.
  void begin_header(std::string_view bytes);
  void end_header();
  /// `size` bytes follow, at whose end a record ends. To be called before write_through().
  void begin_records(std::size_t size) { next_records_end_ = appended_ + size; }
  /// What was appended or written ends where a record does.
  void end_records() {
    records_end_ = appended_;
    if (records_end_ >= next_mark_) next_mark_ = last_->end_unit(records_end_);
  }

  /// Room for `size` bytes in the last block, which fill() is to follow; null where it has less.
  char* room(std::size_t size) {
    return static_cast<std::size_t>(free_end_ - free_) < size ? nullptr : free_;
  }
  void fill(std::size_t size) {
    free_ += size;
    queue_.back().size += size;
    queued_ += size;
    appended_ += size;
  }
  /// Copies the front of `bytes`, as much as the last block holds, or a new one when that is full.
  /// Returns how much; nothing when a new one is needed and the pool is used up.
  std::size_t append(std::string_view bytes);
  /// Whether append_range() may be called: the target is a pipe.
  bool takes_ranges() const { return target_.is_pipe(); }
  /// Appends `size` bytes of `file` from `offset` on.
  void append_range(std::shared_ptr<const io::InputFile> file, std::uint64_t offset, std::size_t size);
  /// Writes as much of the front of `bytes`, ahead of which nothing waits, as the target takes now.
  std::size_t write_through(std::string_view bytes);
  /// Opens the target if it can be opened now and writes as much as it takes. Throws SystemError
  /// (ClosedOutput for standard output) when the reader is gone.
  void push();

  /// push() closes the target once nothing is left.
  void close_when_empty() { closing_ = true; }
  bool is_closing() const { return closing_; }
  /// A pipe is closed only when its reader has read all; push() throws SystemError when the reader is gone
  /// before.
  void close_when_read(bool is_wanted) { closes_when_read_ = is_wanted; }
  /// Whether only time can tell that push() has something to do: a FIFO has no reader yet, or a reader has to
  /// read on.
  bool waits_for_reader() const {
    return !closed_ && (!target_.is_open() || (closing_ && closes_when_read_ && queue_.empty()));
  }
  bool is_closed() const { return closed_; }
  /// Forgets what is queued and leaves the target unpublished.
  void give_up() noexcept;

 private:
  struct Piece {
    io::BlockRef block;
    std::shared_ptr<const io::InputFile> file;
    const char* data = nullptr;
    std::size_t size = 0;
    std::uint64_t offset = 0;       // in the file; of a block, where its data are in appended_
    std::uint64_t records_end = 0;  // unless it is the last block: of the last record up to its end
    std::uint64_t end = 0;          // of a range, in appended_
    bool is_record = true;          // no header
  };

  void keep(std::string_view bytes, std::uint64_t end, std::uint64_t records_end);
  void keep(const Piece& piece);
  bool send(Piece& piece);
  std::size_t written(ssize_t result);
  void pop();

  Target target_;
  io::BlockPool& pool_;
  io::Meter& meter_;
  std::deque<Piece> queue_;
  char* free_ = nullptr;  // behind what the last block of queue_ holds, when a block is the last
  char* free_end_ = nullptr;
  std::size_t queued_ = 0;
  std::size_t ranges_ = 0;
  bool closing_ = false;
  bool closed_ = false;
  bool closes_when_read_ = false;
  std::unique_ptr<io::LastBytes> last_;
  bool is_header_ = false;
  std::uint64_t appended_ = 0;     // bytes of records, written ones too
  std::uint64_t records_end_ = 0;  // in appended_, the last one
  std::uint64_t next_records_end_ = 0;
  std::uint64_t next_mark_ = 0;  // ends of records in front of it are of no interest to last_
};

}  // namespace mrf::split
