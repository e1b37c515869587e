// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chunk/command.h"
#include "chunk/stream.h"
#include "io/fd.h"
#include "io/stats.h"
#include "record/framer.h"

namespace mrf::chunk {

/// A part of what a filter reads: bytes of a file, or text.
struct ChunkPiece {
  std::shared_ptr<const io::Fd> file;       ///< empty: `text`
  std::shared_ptr<const std::string> text;  ///< empty: `file`
  std::uint64_t offset = 0;                 ///< of the piece in it
  std::uint64_t size = 0;                   ///< in bytes
};

/// Whole records, and what stands around them in the filter's input.
struct Chunk {
  std::uint64_t number = 0;        ///< from 0 on
  std::uint64_t first_record = 0;  ///< from 0 on
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;  ///< of the records
  std::string front;        ///< the first bytes of the records, enough for record::RepeatedHeaders
  std::vector<ChunkPiece> pieces;
  /// Where its filter is started while it is read: what follows the pieces. `records` and `bytes` are 0 then.
  std::shared_ptr<ChunkStream> stream;

  /// Its records; empty as long as it is being read.
  std::optional<record::Span> extent() const;
};

/// Cuts an input into chunks, in a thread of its own that is two chunks ahead: whoever takes the chunks never
/// waits for the input. A plain regular file stays where it is, and so does a chunk of it. Of everything else
/// a chunk is there when its first record was read, and the rest of it is streamed; with
/// ChunkCommand::keeps_chunks() it is copied into a temporary file without a name first, from which it can be
/// had again.
class ChunkSource {
 public:
  /// Opens the input. Throws Error.
  explicit ChunkSource(const ChunkCommand& command);
  /// Does not wait for an input that pauses.
  ~ChunkSource();
  ChunkSource(const ChunkSource&) = delete;
  ChunkSource& operator=(const ChunkSource&) = delete;

  /// Readable when there may be something new; clear_events() makes it unreadable.
  io::FdRef events() const;
  void clear_events();

  /// The header that goes to standard output, or, of text, to every filter, once, when all of it was read; ""
  /// when there is none.
  std::optional<std::string> take_header();
  /// The next chunk, if one is ready; none before the header was taken. Throws Error, after the chunks before
  /// it, what reading ended with. The last chunk before that may be a stream that is cut off.
  std::optional<Chunk> next();
  /// The end was reached and no chunk is left.
  bool is_over() const;
  /// Bytes of the chunks to come, with ChunkCommand::is_measured.
  void set_size(std::size_t bytes);

  const std::string& name() const { return name_; }
  /// What was read so far: records, and bytes as they are stored.
  io::StreamCount read() const;

 private:
  struct Shared;
  class ChunkReader;

  std::string name_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace mrf::chunk
