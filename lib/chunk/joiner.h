// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "chunk/command.h"
#include "io/fd.h"
#include "io/stats.h"

namespace mrf::chunk {

/// Writes the filters' outputs one after the other, each whole: a chunk's last record is ended.
class ChunkJoiner {
 public:
  ChunkJoiner(const ChunkCommand& command, io::FdRef to);
  virtual ~ChunkJoiner() = default;

  /// The header of the input, when it goes around the filters.
  virtual void put_header(std::string_view header);
  /// The header of the input, when every filter was given it: what the outputs begin with is compared with
  /// it.
  void note_given_header(std::string_view header) { given_header_ = header; }
  /// The output of this chunk, whose records begin with `records_front`, comes next.
  virtual void begin(std::uint64_t chunk, std::string_view records_front) = 0;
  /// Takes what one read of the pipe, which does not block, gives. Returns how many bytes, 0 at the end of
  /// the pipe, empty when there is nothing in it now. Throws ClosedOutput, Error.
  virtual std::optional<std::size_t> take(io::FdRef pipe) = 0;
  /// Takes what was held back of the output, all that came before what is in the pipe. Throws as take().
  virtual void take_file(io::FdRef file, std::uint64_t size) = 0;
  /// The chunk's output is over. Throws as take().
  virtual void end() = 0;
  /// All chunks are. Throws as take().
  virtual void finish() {}
  /// The run has failed. What reads the output as SAM or FASTQ sees no status: the end is a line that is no
  /// record, and has no newline.
  void leave_unfinished() noexcept;
  /// Records written so far, where they are looked at.
  virtual std::optional<std::uint64_t> records() const { return std::nullopt; }

  /// The bytes written so far.
  std::uint64_t bytes() const { return meter_.bytes; }

 protected:
  void write(std::string_view bytes);
  io::FdRef to() const { return to_; }
  void count(std::uint64_t bytes) { meter_.bytes += bytes; }
  bool has_input_header() const { return has_input_header_; }
  const std::string& given_header() const { return given_header_; }

 private:
  const io::FdRef to_;
  const std::optional<StreamForm> written_;
  const bool reads_sam_;
  io::Meter meter_;
  bool has_input_header_ = false;
  std::string given_header_;
};

/// The one that fits the command: outputs that are not to be looked at go through the kernel only. `to` is
/// standard output.
std::unique_ptr<ChunkJoiner> make_joiner(const ChunkCommand& command, io::FdRef to);

/// Whether data that begins so is compressed, or an alignment or variants in a binary format.
bool is_binary(std::string_view first);
/// Throws DataError for an output, called `name`, that begins with `first` and is_binary(), where text was
/// asked for.
void refuse_binary_output(std::string_view first, const std::string& name);

}  // namespace mrf::chunk
