// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <future>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "io/fd.h"
#include "io/meter.h"
#include "io/window.h"
#include "record/record.h"

namespace mrf {

/// Whole records, as bytes of a file.
struct Chunk {
  std::shared_ptr<Fd> file;  ///< empty: the input itself
  std::uint64_t offset = 0;
  std::size_t size = 0;
  std::string_view ending;  ///< what the input's last record lacks, written after the rest
};

/// Cuts an input into chunks. A regular file stays where it is: its records are found and counted by a thread
/// that is a chunk ahead. Of everything else a chunk is copied into a temporary file, from which it is fed
/// when its filter takes it.
class ChunkSource {
 public:
  /// Chunks of `records` records; 0: as many bytes as next() is asked for. `meter` outlives the source.
  /// Throws SystemError.
  ChunkSource(const std::string& path, RecordForm form, std::uint64_t records, Meter& meter);

  /// The next chunk; of a pipe only if what one read(2) gives completes it. Empty otherwise, and at the end.
  /// Throws Error.
  std::optional<Chunk> next(std::size_t bytes);
  bool is_over() const { return given_.over; }
  /// What to wait for before next() of a pipe; empty where it need not be waited for.
  std::optional<FdRef> fd() const;
  FdRef file_of(const Chunk& chunk) const { return chunk.file ? FdRef(*chunk.file) : window_.fd(); }
  const std::string& name() const { return window_.name(); }
  /// Records and bytes of all chunks so far.
  std::uint64_t records() const { return given_.records; }
  std::uint64_t bytes() const { return given_.bytes; }

 private:
  struct Progress {
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;
    bool over = false;
  };

  void cut_ahead(std::size_t bytes);
  std::optional<Chunk> next_mapped(std::size_t bytes);
  std::optional<Chunk> next_copied(std::size_t bytes);
  Run take(std::string_view view, std::uint64_t most = std::numeric_limits<std::uint64_t>::max());
  bool is_full(std::size_t bytes) const;
  std::size_t keep(std::string_view text);
  Chunk give();

  Window window_;
  std::unique_ptr<Framer> framer_;
  std::uint64_t records_;
  std::uint64_t taken_ = 0;  // of them, for the chunk in the making
  Progress cut_;
  Progress given_;
  Chunk chunk_;          // the one in the making
  bool starved_ = true;  // of a pipe: what is there does not complete the chunk
  // The last member: its thread uses all others but given_.
  std::future<std::optional<Chunk>> ahead_;
};

}  // namespace mrf
