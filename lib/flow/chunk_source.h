// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "stream/record.h"
#include "stream/window.h"
#include "sys/fd.h"
#include "sys/meter.h"

namespace mrf {

/// Whole records, as bytes of a file.
struct Chunk {
  std::shared_ptr<Fd> file;  ///< empty: the input itself
  std::uint64_t offset = 0;
  std::size_t size = 0;
  std::string_view ending;  ///< what the input's last record lacks, written after the rest
};

/// Cuts an input into chunks. A regular file is not read at all but for the ends of its chunks; of
/// everything else a chunk is copied into a temporary file, from which it is fed when its filter takes it.
class ChunkSource {
 public:
  /// Chunks of `records` records; 0: as many bytes as next() is asked for. `meter` outlives the source.
  /// Throws SystemError.
  ChunkSource(const std::string& path, RecordForm form, std::uint64_t records, Meter& meter);

  /// The next chunk; of a pipe only if what one read(2) gives completes it. Empty otherwise, and at the end.
  /// Throws Error.
  std::optional<Chunk> next(std::size_t bytes);
  bool is_over() const { return over_; }
  /// What to wait for before next() of a pipe; empty where it need not be waited for.
  std::optional<FdRef> fd() const;
  FdRef file_of(const Chunk& chunk) const { return chunk.file ? FdRef(*chunk.file) : window_.fd(); }
  const std::string& name() const { return window_.name(); }
  /// Records and bytes of all chunks so far.
  std::uint64_t records() const { return records_cut_; }
  std::uint64_t bytes() const { return bytes_cut_; }

 private:
  std::optional<Chunk> next_mapped(std::size_t bytes);
  std::optional<Chunk> next_copied(std::size_t bytes);
  Run take(std::string_view view);
  bool is_full(std::size_t bytes) const;
  std::size_t keep(std::string_view text);
  Chunk give();

  Window window_;
  std::unique_ptr<Framer> framer_;
  std::uint64_t records_;
  std::uint64_t taken_ = 0;  // of them, for the chunk in the making
  std::uint64_t records_cut_ = 0;
  std::uint64_t bytes_cut_ = 0;
  Chunk chunk_;          // the one in the making
  bool starved_ = true;  // of a pipe: what is there does not complete the chunk
  bool over_ = false;
};

}  // namespace mrf
