// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace mrf::codec {

class InflateEngine;

/// The bytes of an input, one after the other.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Reads at least one byte unless the input is over. Returns 0 only at the end. Throws Error.
  virtual std::size_t read(std::span<char> to) = 0;
  /// Whether read() has something to give without waiting for whoever writes the input.
  virtual bool is_ready() const { return false; }
};

/// True when `first` starts with the magic bytes of a gzip member (RFC 1952, section 2.3.1).
bool is_gzip(std::string_view first);

/// Inflates a gzip or BGZF stream of any number of members from pieces of it, as they come.
/// Zero bytes after the last member are padding (gzip(1)); anything else there, and a CRC or length that is
/// wrong, throw DataError with `name`.
class GzipDecoder {
 public:
  explicit GzipDecoder(std::string name);
  ~GzipDecoder();
  GzipDecoder(GzipDecoder&&) noexcept;
  GzipDecoder& operator=(GzipDecoder&&) = delete;

  /// The next stored bytes, which stay where they are until inflate() returned 0.
  void feed(std::string_view stored);
  /// True when inflate() may give something without another feed().
  bool has_more() const { return !held_.empty() || !flushed_; }
  /// Fills the front of `to` and returns how much; 0 when it needs another feed(). Throws DataError.
  std::size_t inflate(std::span<char> to);
  /// The stored bytes are over and inflate() returned 0. Throws DataError when that is inside a member, or
  /// behind a BGZF block that is not the end-of-file block (SAM specification, section 4.1.2).
  void finish() const;

 private:
  bool next_member();
  void remember(std::string_view taken);
  void inflate_some(std::span<char>& rest);

  std::string name_;
  std::unique_ptr<InflateEngine> engine_;
  std::string_view held_;
  /// The front of the member in hand or the last one: enough to know the end-of-file block of BGZF.
  std::string head_;
  bool in_member_ = false;
  bool seen_member_ = false;
  bool padding_ = false;
  bool flushed_ = true;
};

/// The inflated bytes of a gzip or BGZF stream of any number of members, which `stored` gives.
/// Throws DataError as GzipDecoder does, also for an end inside a member and for a BGZF stream without its
/// end-of-file block (SAM specification, section 4.1.2). `threads` more threads inflate BGZF.
std::unique_ptr<ByteSource> make_inflater(std::unique_ptr<ByteSource> stored, std::string name,
                                          unsigned threads = 0);

/// The library that inflates, with its version: "ISA-L 2.30" or "zlib 1.2.13".
std::string inflate_library();

}  // namespace mrf::codec
