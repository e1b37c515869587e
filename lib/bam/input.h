// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "io/meter.h"
#include "sam/buffer.h"
#include "sam/hts.h"

namespace mrf::bam {

/// What an input turned out to be (hts_detect_format() of htslib/hts.h).
enum class Format { bam, sam, cram };
/// How it is stored.
enum class Packing { plain, bgzf, gzip };

/// An open input. It is opened once and its format is found from its first bytes, which are read
/// again by whoever reads it.
class Input {
 public:
  /// `path` is a file, FIFO, URL or "-". `meter` counts the bytes as stored and outlives the input.
  /// `is_text_sam` says that text which nothing tells from SAM is SAM. Throws SystemError "cannot open", or
  /// DataError for an empty input or one of another format.
  Input(const std::string& path, Meter& meter, bool is_text_sam);

  /// For messages.
  const std::string& name() const { return name_; }
  const std::string& path() const { return path_; }
  /// True for a regular file and a URL.
  bool can_seek() const { return can_seek_; }
  Format format() const { return format_; }
  Packing packing() const { return packing_; }

  /// Appends up to `n` bytes to `to`; fewer only at the end of the input. Returns how many. Throws
  /// SystemError "cannot read".
  std::size_t read(Buffer& to, std::size_t n);

  /// Gives the file to htslib's own readers.
  HfilePtr release() { return std::move(file_); }
  void replace(HfilePtr file) { file_ = std::move(file); }
  /// Counts bytes that such a reader has read.
  void count(std::uint64_t bytes) { meter_.bytes += bytes; }

 private:
  void detect(bool is_text_sam);
  [[noreturn]] void fail(std::string_view verb) const;

  std::string path_;
  std::string name_;
  bool remote_;
  bool can_seek_ = true;
  Meter& meter_;
  HfilePtr file_;
  Format format_ = Format::bam;
  Packing packing_ = Packing::plain;
};

}  // namespace mrf::bam
