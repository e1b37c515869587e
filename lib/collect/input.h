// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "codec/inflate.h"
#include "collect/header.h"
#include "collect/output.h"
#include "collect/reorder_buffer.h"
#include "io/block_pool.h"
#include "io/fd.h"
#include "io/paths.h"
#include "io/stats.h"
#include "record/framer.h"
#include "record/record.h"

namespace mrf::collect {

/// An input that is opened and read without ever blocking, whenever its writer comes.
class InputStream {
 public:
  /// "-" is standard input. If it `inflates`, gzip and BGZF are recognised by their magic bytes and inflated.
  /// Throws SystemError "cannot open"; a directory is refused.
  InputStream(const std::string& path, bool inflates);

  /// "standard input" or the path, for messages.
  const std::string& name() const { return name_; }
  io::FdRef fd() const { return fd_; }
  /// Of a pipe, a FIFO and a regular file.
  std::optional<io::FileId> id() const { return id_; }
  /// True when reading cannot wait and nobody waits for it: a regular file.
  bool is_file() const { return is_file_; }
  /// True when `other` is the same pipe, FIFO or regular file.
  bool is_same(io::FdRef other) const;

  /// Says that the descriptor is ready. That of a FIFO is not until a writer has opened the FIFO, though
  /// read(2) would say end-of-file there (fifo(7)).
  void report() { may_read_ = is_ready_ = true; }
  /// True when read() may be called: it does not block, and does not take the want of a writer for the end.
  bool may_read() const { return may_read_ || has_more(); }
  /// True when read() has something without the descriptor being ready: bytes that are not inflated yet.
  bool has_more() const { return decoder_ && decoder_->has_more(); }
  /// True when read() is likely to have something: after a report, until a read took all that was there.
  bool is_ready() const { return is_file_ || is_ready_ || has_more(); }
  /// The next bytes, with one read(2) at most. 0 is the end; nothing when there is nothing now. Throws
  /// SystemError "cannot read", DataError.
  std::optional<std::size_t> read(std::span<char> to, io::Meter& meter);
  /// Bytes read so far, as they are stored.
  std::uint64_t stored() const { return stored_; }

  /// After the end: from the beginning again. A FIFO waits for its next writer. Throws SystemError.
  void reopen();

 private:
  io::Fd open_again() const;
  void look();
  std::optional<std::size_t> read_stored(std::span<char> to, io::Meter& meter);
  std::optional<std::size_t> read_first(std::span<char> to, io::Meter& meter);
  std::optional<std::size_t> inflate(std::span<char> to);

  std::string name_;
  io::Fd fd_;
  bool is_shared_;
  bool is_file_ = false;
  long long size_ = -1;  ///< of a regular file, when it was opened
  bool may_read_ = false;
  bool is_ready_ = false;
  std::optional<io::FileId> id_;
  std::uint64_t stored_ = 0;
  /// The first byte of what may be gzip's magic bytes was read, no more.
  bool has_half_magic_ = false;
  const bool inflates_;
  bool is_sniffed_ = false;
  std::optional<codec::GzipDecoder> decoder_;
  std::unique_ptr<char[]> compressed_;
};

/// What all inputs have in common; outlives them.
struct InputSettings {
  record::RecordForm form;
  /// Lines in front that are no records.
  record::HeaderForm header{};
  /// How often each input is read.
  std::uint64_t rounds = 1;
  /// Records of bytes are inflated too, where they begin as gzip does.
  bool inflates_bytes = false;
};

/// One input: read without blocking, cut into records, held until the order wants them.
class Input {
 public:
  static constexpr auto all_records = std::numeric_limits<std::uint64_t>::max();

  /// What inputs share; outlives them.
  struct Shared {
    io::BlockPool& pool;
    SpillFile& spill;
    BamReferences& references;
    /// Records passed or dropped so far, of all inputs.
    std::uint64_t& records_written;
    /// Of inputs that may not begin with a header each, of SAM or another format; null where they may.
    record::RepeatedHeaders* headers = nullptr;
  };
  /// Opens `path`. `header_use` is for the header of the first round; one that is compared is compared in
  /// every round. `count` is filled while reading. What is referred to outlives the input. Throws
  /// SystemError.
  Input(const std::string& path, const InputSettings& settings, HeaderUse header_use, const Shared& shared,
        io::StreamCount& count);

  InputStream& stream() { return stream_; }
  const InputStream& stream() const { return stream_; }
  const std::string& name() const { return stream_.name(); }
  /// Its place among the inputs of a Selector.
  std::size_t number() const { return number_; }
  void set_number(std::size_t number) { number_ = number; }

  /// Where the records of a full block wait.
  enum class Hold { in_memory, on_disk };
  enum class Got { nothing, bytes, end };
  /// One read(2), and the records that it completes; `end` is that of a round. Throws Error.
  Got read(io::Meter& meter, Hold hold);
  /// After the end of a round that is not the last: opens the input for the next one. Throws SystemError.
  void reopen() { stream_.reopen(); }

  /// True when nothing more will be read, in no round; records may still be held.
  bool is_read() const { return is_read_; }
  bool has_records() const { return !held().empty(); }
  /// True when nothing more will come in this round.
  bool is_over() const { return (is_read_ || rounds_.size() > 1) && held().empty(); }
  /// After is_over(): what comes next belongs to the next round.
  void begin_round() { rounds_.pop_front(); }
  /// Records read so far.
  std::uint64_t records() const { return count_.records; }

  /// True when the first round's header is over, or that round is.
  bool is_past_header() const { return header_reader_->is_over() || is_read_ || round_ > 0; }
  /// The header of the first round.
  const std::string& header() const { return header_; }

  /// Writes the records in front that are at hand, at most `max_records` of them. Returns how many. Throws
  /// SystemError.
  std::uint64_t pass(BatchedOutput& output, std::uint64_t max_records = all_records);

  /// Some records in front, at least one; valid until drop() or read().
  const RecordBatch& front() { return rounds_.front().front(); }
  /// The bytes of the first record of front(), or of what is left of it.
  std::size_t first_size(std::string_view records) { return splitter_->split(records, 1).bytes; }
  void drop(std::size_t bytes, std::uint64_t records) {
    rounds_.front().consume(bytes, records);
    shared_.records_written += records;
  }

 private:
  const ReorderBuffer& held() const { return rounds_.front(); }
  ReorderBuffer& newest() { return rounds_.back(); }
  std::string_view unframed() const { return {open_->data + framed_, filled_ - framed_}; }
  void start_round();
  void make_room(Hold hold);
  void frame(bool is_end);
  void check_format(bool is_end);
  bool check_front(bool is_end);
  void finish();

  const InputSettings& settings_;
  const Shared shared_;
  std::size_t number_ = 0;
  InputStream stream_;
  io::StreamCount& count_;
  /// One for each round that was begun and not passed on.
  std::deque<ReorderBuffer> rounds_;
  std::uint64_t round_ = 0;
  std::optional<InputHeader> header_reader_;
  std::unique_ptr<record::Framer> framer_;
  std::unique_ptr<record::Framer> splitter_;
  HeaderUse header_use_;
  bool is_format_known_ = false;
  bool is_front_known_ = false;
  bool is_read_ = false;
  std::string header_;
  io::BlockRef open_;
  std::size_t framed_ = 0;
  std::size_t filled_ = 0;
};

}  // namespace mrf::collect
