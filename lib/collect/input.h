// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "collect/backlog.h"
#include "collect/block.h"
#include "collect/channel.h"
#include "collect/output.h"
#include "collect/preamble.h"
#include "io/stats.h"
#include "record/record.h"

namespace mrf::collect {

/// What all inputs have in common; outlives them.
struct InputSettings {
  record::RecordForm form;
  /// Lines in front that are no records.
  record::HeaderForm header{};
  /// How often each input is read.
  std::uint64_t rounds = 1;
};

/// One input: read without blocking, cut into records, held until the order wants them.
class Input {
 public:
  static constexpr auto all_records = std::numeric_limits<std::uint64_t>::max();

  /// What inputs share; outlives them.
  struct Shared {
    BlockPool& pool;
    SpillFile& spill;
    BamReferences& references;
    /// Records passed or dropped so far, of all inputs.
    std::uint64_t& records_gone;
  };
  /// Opens `path`. `header_use` is for the header of the first round; one that is compared is compared in
  /// every round. `count` is filled while reading. What is referred to outlives the input. Throws
  /// SystemError.
  Input(const std::string& path, const InputSettings& settings, HeaderUse header_use, const Shared& shared,
        io::StreamCount& count);

  Channel& channel() { return channel_; }
  const Channel& channel() const { return channel_; }
  const std::string& name() const { return channel_.name(); }
  /// Its place among the inputs of a Selector.
  std::size_t number() const { return number_; }
  void set_number(std::size_t number) { number_ = number; }

  /// Where the records of a full block wait.
  enum class Hold { in_memory, on_disk };
  enum class Got { nothing, bytes, end };
  /// One read(2), and the records that it completes; `end` is that of a round. Throws Error.
  Got read(io::Meter& meter, Hold hold);
  /// After the end of a round that is not the last: opens the input for the next one. Throws SystemError.
  void reopen() { channel_.reopen(); }

  /// True when nothing more will be read, in no round; records may still be held.
  bool is_read() const { return is_read_; }
  bool has_records() const { return !backlog().empty(); }
  /// True when nothing more will come in this round.
  bool is_over() const { return (is_read_ || backlogs_.size() > 1) && backlog().empty(); }
  /// After is_over(): what comes next belongs to the next round.
  void begin_round() { backlogs_.pop_front(); }
  /// Records read so far.
  std::uint64_t records() const { return count_.records; }

  /// True when the first round's header is over, or that round is.
  bool is_past_header() const { return preamble_->is_over() || is_read_ || round_ > 0; }
  /// The header of the first round.
  const std::string& header() const { return header_; }

  /// Writes the records in front that are at hand, at most `max_records` of them. Returns how many. Throws
  /// SystemError.
  std::uint64_t pass(BatchedOutput& output, std::uint64_t max_records = all_records);

  /// Some records in front, at least one; valid until drop() or read().
  const Chunk& front() { return backlogs_.front().front(); }
  /// The bytes of the first record of front(), or of what is left of it.
  std::size_t first_size(std::string_view records) { return splitter_->split(records, 1).bytes; }
  void drop(std::size_t bytes, std::uint64_t records) {
    backlogs_.front().consume(bytes, records);
    shared_.records_gone += records;
  }

 private:
  const Backlog& backlog() const { return backlogs_.front(); }
  Backlog& newest() { return backlogs_.back(); }
  std::string_view unframed() const { return {open_->data + framed_, filled_ - framed_}; }
  void start_round();
  void make_room(Hold hold);
  void frame(bool is_end);
  void check_format(bool is_end);
  void finish();

  const InputSettings& settings_;
  const Shared shared_;
  std::size_t number_ = 0;
  Channel channel_;
  io::StreamCount& count_;
  /// One for each round that was begun and not passed on.
  std::deque<Backlog> backlogs_;
  std::uint64_t round_ = 0;
  std::optional<Preamble> preamble_;
  std::unique_ptr<record::Framer> framer_;
  std::unique_ptr<record::Framer> splitter_;
  HeaderUse header_use_;
  bool is_format_known_;
  bool is_read_ = false;
  std::string header_;
  BlockRef open_;
  std::size_t framed_ = 0;
  std::size_t filled_ = 0;
};

}  // namespace mrf::collect
