// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

#include "join/backlog.h"
#include "join/block.h"
#include "join/channel.h"
#include "join/output.h"
#include "stream/record.h"
#include "stream/stats.h"

namespace mrf {

/// What becomes of the SAM header lines in front of an input's records (SAM specification, section 1.3).
enum class HeaderLines { are_records, dropped, kept };

/// One input: read without blocking, cut into records, held until the order wants them.
class Input {
 public:
  static constexpr auto all_records = std::numeric_limits<std::uint64_t>::max();

  /// Opens `path`. `count` is filled while reading. What is referred to outlives the input. Throws
  /// SystemError.
  Input(const std::string& path, RecordForm form, HeaderLines header_lines, BlockPool& pool, SpillFile& spill,
        StreamCount& count);

  Channel& channel() { return channel_; }
  const Channel& channel() const { return channel_; }
  const std::string& name() const { return channel_.name(); }

  /// Where the records of a full block wait.
  enum class Hold { in_memory, on_disk };
  /// One read(2), and the records that it completes. False when there was nothing now. Throws Error.
  bool read(Meter& meter, Hold hold);

  /// True when nothing more will be read; records may still be held.
  bool is_read() const { return is_read_; }
  bool has_records() const { return !backlog_.empty(); }
  /// True when nothing more will come.
  bool is_over() const { return is_read_ && backlog_.empty(); }
  /// Records read so far.
  std::uint64_t records() const { return count_.records; }
  /// Records passed or dropped so far.
  std::uint64_t records_gone() const { return records_gone_; }

  /// True when the header lines are over, or the input is.
  bool is_past_header() const { return is_read_ || !in_header_; }
  /// The header lines with HeaderLines::kept.
  const std::string& header() const { return header_; }

  /// Writes the records in front that are at hand, at most `max_records` of them. Returns how many. Throws
  /// SystemError.
  std::uint64_t pass(BatchedOutput& output, std::uint64_t max_records = all_records);

  /// Some records in front, at least one; valid until drop() or read().
  const Chunk& front() { return backlog_.front(); }
  /// The bytes of the first record of front(), or of what is left of it.
  std::size_t first_size(std::string_view records) { return splitter_->take(records, 1).bytes; }
  void drop(std::size_t bytes, std::uint64_t records) {
    backlog_.consume(bytes, records);
    records_gone_ += records;
  }

 private:
  std::string_view unframed() const { return {open_->data + framed_, filled_ - framed_}; }
  void make_room(Hold hold);
  void frame();
  void strip_header();
  void strip_line(std::string_view line);
  void finish();

  Channel channel_;
  BlockPool& pool_;
  Backlog backlog_;
  StreamCount& count_;
  std::unique_ptr<Framer> framer_;
  std::unique_ptr<Framer> splitter_;
  HeaderLines header_lines_;
  bool in_header_;
  bool is_read_ = false;
  std::uint64_t records_gone_ = 0;
  std::string header_;
  BlockRef open_;
  std::size_t framed_ = 0;
  std::size_t filled_ = 0;
};

}  // namespace mrf
