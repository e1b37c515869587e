// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "codec/inflate.h"
#include "io/fd.h"
#include "io/stats.h"

namespace mrf::io {

/// An open input: its bytes as they are stored, its display name, and whether it is a regular file.
struct InputFile {
  Fd fd;
  std::string name;
  /// Size in bytes of a regular file that is read from its start, else -1.
  long long size = -1;
  /// Whether it is a regular file: reading it never waits for a writer.
  bool is_regular = false;
};

/// Opens `path` ("-" is standard input) for reading, once. Throws SystemError "cannot open"; a
/// directory is refused here (EISDIR).
InputFile open_input(const std::string& path);
/// The same without waiting for the writer of a FIFO: poll(2) tells when there is something to read.
InputFile open_input_at_once(const std::string& path);

/// All bytes of a small input, from where it stands to its end. Throws SystemError.
std::string read_whole(const InputFile& input);
/// The same, opened as by open_input().
std::string read_whole(const std::string& path);
/// A text that is another one after each start of this machine (random(4), boot_id). Throws SystemError.
std::string start_of_machine();

/// To be called at the end of a regular file that had `size` bytes when it was opened. Throws Error when it
/// has fewer now: what was read is not the whole of what it was.
void refuse_shorter(FdRef file, const std::string& name, long long size);

/// Reads an input, file or pipe, into a buffer and shows what is there and not consumed yet. gzip and BGZF
/// are recognised by their magic bytes and inflated. The buffer grows only when one record does not fit into
/// it.
class Reader {
 public:
  struct Options {
    /// Bytes of the buffer in the beginning, of an input that is no file.
    std::size_t capacity = std::size_t{128} << 10;
    /// More threads that inflate BGZF.
    unsigned threads = 0;
    /// Whether gzip and BGZF are recognised by their magic bytes (RFC 1952) and inflated; else bytes are
    /// bytes.
    bool inflates = true;
  };

  /// Reads nothing yet. `meter` counts the bytes as stored and outlives the reader.
  Reader(InputFile input, Meter& meter, Options options);
  Reader(InputFile input, Meter& meter) : Reader(std::move(input), meter, Options{}) {}
  /// Leaves the offset of a file behind what was consumed of it, for whoever reads on.
  ~Reader();
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) = delete;

  /// Unconsumed bytes; valid until the next call of more().
  std::string_view view() const { return {begin_, static_cast<std::size_t>(end_ - begin_)}; }
  /// Makes the view longer by what one read(2) gives. False at the end of the input. Throws SystemError,
  /// DataError for a damaged or truncated gzip stream, or Error when a file has become shorter since it was
  /// opened.
  bool more();
  /// Drops the first `n` bytes of the view. Pointers into the view stay valid until more().
  void consume(std::size_t n) { begin_ += n; }

  const std::string& name() const { return input_->name; }
  /// Bytes read so far, as they are stored.
  std::uint64_t stored() const { return stored_; }
  FdRef fd() const { return input_->fd; }
  /// The input, which may be needed for longer than the reader.
  std::shared_ptr<const InputFile> file() const { return input_; }
  /// Whether the view shows the very bytes of a regular file, so that they can be had from file() at
  /// offset(), too. With Options::inflates it is known after the first call of more().
  bool is_plain_file() const;
  /// Where the view's first byte lies in a plain file.
  std::uint64_t offset() const { return stored_ - view().size(); }

  /// Whether more() answers without waiting for whoever writes the input.
  bool is_ready() const;
  /// Reads what a pipe has now and keeps it, so that its writer can go on while this reader is not asked for
  /// more; for a pipe that poll(2) says can be read. Throws SystemError.
  void read_ahead();
  /// Whether read_ahead() may read: the input is a pipe, is not over, and less than 64 MiB were read ahead.
  bool can_read_ahead() const;

 private:
  class Stored;

  void start();
  void make_room();
  bool read_from(codec::ByteSource& source);

  std::shared_ptr<const InputFile> input_;
  Options options_;
  std::unique_ptr<Stored> stored_source_;
  /// Inflates what stored_source_ gives; none when nothing is compressed.
  std::unique_ptr<codec::ByteSource> inflater_;
  bool is_started_ = false;
  std::uint64_t stored_ = 0;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
  const char* begin_ = nullptr;
  const char* end_ = nullptr;
};

/// Makes the view hold at least `n` bytes if the input has them. Returns whether it does.
bool fill_to(Reader& reader, std::size_t n);

}  // namespace mrf::io
