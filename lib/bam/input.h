// SPDX-License-Identifier: MIT
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "io/fd.h"
#include "io/stats.h"
#include "sam/buffer.h"
#include "sam/hts.h"

namespace mrf::bam {

/// What an input turned out to be.
enum class Format { bam, sam, cram };
/// How it is stored.
enum class Compression { none, bgzf, gzip };

/// Thrown where reading would wait although nobody needs the bytes any more.
struct ReadingStopped {};

/// The bytes of an object that another process fetches. `finish` is called at their end, and throws Error
/// when they are not all of the object; when it is destroyed before, the process is ended.
struct Fetching {
  io::Fd bytes;
  std::function<void()> finish;
};
/// Begins to fetch a URL; nothing when htslib is to read it.
using Fetch = std::function<std::optional<Fetching>(const std::string& url)>;

/// An open input. It is opened once and its format is found from its first bytes, which are read
/// again by whoever reads it.
class Input {
 public:
  /// `path` is a file, FIFO, URL or "-". `meter` counts the bytes as stored and outlives the input.
  /// `is_text_sam` says that text is SAM, whatever it looks like. Throws SystemError "cannot open", or
  /// DataError for an empty input or one of another format, which is named.
  Input(const std::string& path, io::Meter& meter, bool is_text_sam, const Fetch& fetch = {});

  /// For messages.
  const std::string& name() const { return name_; }
  const std::string& path() const { return path_; }
  /// True for a regular file and a URL.
  bool can_seek() const { return can_seek_; }
  /// A local one, whose path can be opened again from its start.
  bool can_be_opened_again() const { return is_regular_; }
  /// Of a regular file in bytes, when it was opened.
  std::uint64_t size() const { return static_cast<std::uint64_t>(size_); }
  /// What fstat(2) says of a local one. Throws SystemError.
  struct stat state() const;
  Format format() const { return format_; }
  Compression compression() const { return compression_; }

  /// Appends what one read(2) of at most `n` bytes gives. Returns how many, 0 only at the end. Throws
  /// SystemError "cannot read", ReadingStopped.
  std::size_t read(sam::Buffer& to, std::size_t n);
  /// read() goes on at `offset`, where can_be_opened_again(). Throws SystemError.
  void seek(std::uint64_t offset);
  /// Whether read() gives something without waiting.
  bool is_ready() const;
  /// From now on read() throws ReadingStopped where it would have to wait, on any thread.
  void stop() const noexcept;

  /// Gives the file, where can_seek(), to htslib's own readers, from its start.
  sam::HfilePtr release();
  /// Counts in another meter from now on, and returns the one before.
  io::Meter& count_in(io::Meter& meter) { return *std::exchange(meter_, &meter); }

 private:
  void open_url(const Fetch& fetch);
  bool read_more();
  void detect(bool is_text_sam);
  void wait() const;
  [[noreturn]] void fail(std::string_view verb) const;

  std::string path_;
  std::string name_;
  bool can_seek_ = true;
  bool is_regular_ = false;
  long long size_ = -1;  // of a regular file that is read from its start
  io::Meter* meter_;
  io::Fd fd_;                     // of a local file, or of what is fetched
  std::function<void()> finish_;  // of what is fetched
  io::Fd stop_;                   // eventfd(2) of one that can make a reader wait
  sam::HfilePtr remote_;          // else
  sam::Buffer first_;             // was read to find the format; `given_` bytes of it have been read again
  std::size_t given_ = 0;
  Format format_ = Format::bam;
  Compression compression_ = Compression::none;
};

}  // namespace mrf::bam
