// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "codec/byte_source.h"
#include "io/fd.h"
#include "io/mapped_file.h"
#include "io/meter.h"
#include "io/source.h"

namespace mrf::io {

/// A sliding view of an input: the bytes that are there and not consumed yet. A plain regular file
/// is mapped (who copies from the view asks MappedFile::check() then) and shown a piece at a time; everything
/// else (pipe, gzip) is read into a buffer that grows only when one record does not fit into it.
class Window {
 public:
  struct Options {
    /// Bytes of the buffer in the beginning.
    std::size_t capacity = std::size_t{128} << 10;
    /// More threads that inflate BGZF.
    unsigned threads = 0;
    /// Whether gzip and BGZF are recognised by their magic bytes (RFC 1952) and inflated; else bytes are
    /// bytes.
    bool inflates = true;
  };

  /// Reads nothing yet. `meter` counts the bytes as stored and outlives the window. Throws SystemError.
  Window(InputFile input, Meter& meter, Options options);
  Window(InputFile input, Meter& meter) : Window(std::move(input), meter, Options{}) {}
  ~Window();
  Window(Window&&) noexcept;
  Window& operator=(Window&&) = delete;

  /// Unconsumed bytes; valid until the next call of more().
  std::string_view view() const { return {begin_, static_cast<std::size_t>(end_ - begin_)}; }
  /// Makes the view longer, reading what one read(2) gives. False at the end of the input. Throws
  /// SystemError, DataError for a damaged or truncated gzip stream, or Error when a mapped file became
  /// shorter.
  bool more();
  /// Drops the first `n` bytes of the view. Pointers into the view stay valid until more(). The
  /// consumed pages of a mapped file stop counting as the program's memory. Throws Error when a mapped file
  /// became shorter.
  void consume(std::size_t n) {
    begin_ += n;
    MappedFile::check();
    if (is_mapped() && begin_ - released_ >= release_step) release_pages();
  }

  /// Throws Error when a mapped file became shorter.
  void check_size() const { mapping_.check_size(); }

  const std::string& name() const { return input_.name; }
  /// Bytes read so far, as they are stored; a mapped file counts whole.
  std::uint64_t stored() const { return stored_; }
  bool is_mapped() const { return mapping_.is_mapped(); }
  /// Whether more() answers without waiting for whoever writes the input.
  bool is_ready() const;
  /// Reads what a pipe has now and keeps it, so that its writer can go on while this window is not asked for
  /// more; for a pipe that poll(2) says can be read. Throws SystemError.
  void read_ahead();
  /// Whether read_ahead() may read: the input is a pipe, is not over, and less than 64 MiB were read ahead.
  bool can_read_ahead() const;
  /// The offset of the view's first byte in a mapped file, for splice(2) from fd().
  long long mapped_offset() const { return begin_ - mapping_.data(); }
  FdRef fd() const { return input_.fd; }

 private:
  class Stored;

  void start_reading();
  bool show_more();
  void make_room();
  void release_pages();

  static constexpr std::ptrdiff_t release_step = 4 << 20;
  static constexpr std::size_t shown_step = std::size_t{4} << 20;

  InputFile input_;
  Meter& meter_;
  Options options_;
  const char* begin_ = nullptr;
  const char* end_ = nullptr;
  std::uint64_t stored_ = 0;
  MappedFile mapping_;
  char* released_ = nullptr;
  std::unique_ptr<Stored> stored_source_;  // of an input that is not mapped
  std::unique_ptr<codec::ByteSource>
      source_;  // inflates what stored_source_ gives; none when nothing is compressed
  bool is_started_ = false;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
};

/// Makes the view hold at least `n` bytes if the input has them. Returns whether it does.
bool fill_to(Window& window, std::size_t n);

}  // namespace mrf::io
