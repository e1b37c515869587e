// SPDX-License-Identifier: MIT
#include "bam/stream_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "base/error.h"
#include "codec/bgzf.h"
#include "codec/inflate.h"
#include "sam/header.h"

namespace mrf::bam {

/// The bytes of an input, uncompressed, in pieces of about half a megabyte: fill() reads on one thread,
/// open() inflates on any.
class ContentReader {
 public:
  virtual ~ContentReader() = default;
  /// Puts the next piece into `batch`. False at the end of the input. Throws Error.
  virtual bool fill(Batch& batch) = 0;
  /// Sees to it that batch.bytes holds the piece. Throws DataError.
  virtual void open(Batch& batch) const = 0;
  /// The reason why the input, read to its end, is not whole; nullptr when it is.
  virtual const char* what_is_missing() const { return nullptr; }
  /// The same when the last record is not whole.
  virtual const char* what_is_cut() const { return "truncated: the last record is not whole"; }
  /// Whether the input ends within a block.
  virtual bool ends_in_block() const { return false; }
  /// Whether all was read up to an end at which no block and no byte of one begins.
  virtual bool has_missed_end() const { return false; }
};

namespace {

constexpr std::size_t stored_step = std::size_t{256} << 10;
constexpr std::size_t content_step = std::size_t{1} << 19;
// Of blocks that are taken until they have content_step; always as much, so that buffers need not grow.
constexpr std::size_t most_content = content_step + codec::bgzf_max_block;

[[noreturn]] void fail_at(const std::string& name, std::uint64_t offset, std::string_view reason) {
  throw base::DataError("read", name, fmt::format("BGZF block at byte {}: {}", offset, reason));
}

// What is in front of a damaged block, and what is wrong with that one.
codec::BgzfContent inflate_blocks(Batch& batch) {
  if (batch.stored.size() == 0) return {};
  codec::BgzfContent content =
      batch.inflater.blocks(batch.stored.view(), {batch.bytes.room(most_content), most_content});
  batch.bytes.add(content.size);
  return content;
}

void refuse_damage(const codec::BgzfContent& content, const Batch& batch, const std::string& name) {
  if (!content.damage.empty()) fail_at(name, batch.offset + content.offset, content.damage);
}

// Whether a piece need not grow: it is large enough, or nothing behind its blocks belongs to it.
bool is_full(const codec::BgzfBlocks& blocks) {
  return blocks.content >= content_step || blocks.stored >= stored_step ||
         (blocks.stored > 0 && blocks.has_other_behind);
}

// A piece is the data that can be had without waiting: an error in it is reported while the writer of the
// pipe continues.
class BgzfReader : public ContentReader {
 public:
  // `is_for_header`: a piece is as little as can be had.
  BgzfReader(Input& input, bool is_for_header)
      : input_(input), step_(is_for_header ? codec::bgzf_max_block : stored_step), is_short_(is_for_header) {}

  bool fill(Batch& batch) override {
    batch.stored.append(rest_.view());
    rest_.clear();
    batch.offset = offset_;
    codec::BgzfBlocks blocks;
    for (;;) {
      blocks = take_blocks(batch.stored);
      if (is_full(blocks) || ended_) break;
      if (blocks.stored > 0 && (is_short_ || !input_.is_ready())) break;
      ended_ = input_.read(batch.stored, step_) == 0;
    }
    if (blocks.stored > 0) eof_block_ = blocks.is_end;
    rest_.append(batch.stored.view().substr(blocks.stored));
    batch.stored.cut(blocks.stored);
    offset_ += blocks.stored;
    return blocks.stored > 0;
  }

  void open(Batch& batch) const override { refuse_damage(inflate_blocks(batch), batch, input_.name()); }

  bool ends_in_block() const override { return rest_.size() > 0; }
  const char* what_is_missing() const override {
    if (ends_in_block()) return "truncated: the last BGZF block is not whole";
    return eof_block_ ? nullptr : "truncated: the BGZF end-of-file block is missing";
  }

 private:
  // The whole blocks at the front of the bytes.
  codec::BgzfBlocks take_blocks(sam::Buffer& bytes) {
    const std::string_view stored = bytes.view();
    if (is_behind_the_end(stored)) {
      check_padding(bytes);
      return {};
    }
    if (stored.size() >= codec::bgzf_header_size && codec::bgzf_block_size(stored) == 0)
      fail(offset_, why_no_block(stored));
    return codec::whole_bgzf_blocks(stored, content_step);
  }

  // Whether `rest` is no block, but follows the end-of-file block.
  bool is_behind_the_end(std::string_view rest) const {
    return eof_block_ && !rest.empty() && (padded_ || rest.front() != '\x1f');
  }

  // Zero bytes behind the last block are padding, as for gzip(1).
  void check_padding(sam::Buffer& bytes) {
    const std::size_t data = bytes.view().find_first_not_of('\0');
    if (data != std::string_view::npos) {
      fail(offset_ + data,
           "trailing garbage: what follows the end of the BGZF data is neither a block nor zero bytes");
    }
    padded_ = true;
    offset_ += bytes.size();
    bytes.clear();
  }

  const char* why_no_block(std::string_view stored) const {
    constexpr char text_and_extra = 1 | 4;
    if (!stored.starts_with("\x1f\x8b"))
      return offset_ == 0 ? "not a BGZF block" : "trailing garbage after a BGZF block";
    if ((stored[3] & ~text_and_extra) != 0)
      return "its header has a file name or another field that BGZF does not have";
    return (stored[3] & 4) != 0 ? "malformed header" : "it is a gzip member and no BGZF block";
  }

  [[noreturn]] void fail(std::uint64_t offset, std::string_view reason) const {
    fail_at(input_.name(), offset, reason);
  }

  Input& input_;
  std::size_t step_;
  bool is_short_;
  sam::Buffer rest_;
  std::uint64_t offset_ = 0;
  bool ended_ = false;
  bool eof_block_ = false;
  bool padded_ = false;
};

// The blocks of a range, and of the first and the last one what belongs to it. No byte behind them is read.
class BgzfRangeReader : public ContentReader {
 public:
  // `can_arrive` is false when no record is at the end.
  BgzfRangeReader(Input& input, const Range& range, bool can_arrive)
      : input_(input),
        range_(range),
        can_arrive_(can_arrive),
        offset_(begin_block()),
        eof_block_(offset_ == input.size() && ends_with_eof_block(input)) {
    input_.seek(offset_);
  }

  bool fill(Batch& batch) override {
    if (is_over_) return false;
    batch.offset = offset_;
    batch.stored.append(rest_.view());
    rest_.clear();
    const std::size_t taken = offset_ < end_block() ? take_blocks(batch.stored) : take_last(batch.stored);
    if (taken > 0) check_begin(batch);
    rest_.append(batch.stored.view().substr(taken));
    batch.stored.cut(taken);
    offset_ += taken;
    return taken > 0;
  }

  void open(Batch& batch) const override {
    const codec::BgzfContent content = inflate_blocks(batch);
    if (batch.offset == end_block()) batch.bytes.cut(std::min(batch.bytes.size(), within(range_.end)));
    if (batch.offset == begin_block()) batch.bytes.drop(std::min(batch.bytes.size(), within(range_.begin)));
    refuse_damage(content, batch, input_.name());
  }

  const char* what_is_missing() const override {
    if (has_missed_end()) return "no record begins at the end of the range";
    return offset_ < input_.size() || eof_block_ ? nullptr
                                                 : "truncated: the BGZF end-of-file block is missing";
  }
  const char* what_is_cut() const override {
    return end_block() == input_.size() ? ContentReader::what_is_cut()
                                        : "no record begins at the end of the range";
  }
  bool has_missed_end() const override { return is_over_ && !has_arrived_; }

 private:
  static bool ends_with_eof_block(Input& input) {
    constexpr std::string_view eof = codec::bgzf_eof;
    if (input.size() < eof.size()) return false;
    input.seek(input.size() - eof.size());
    sam::Buffer last;
    while (last.size() < eof.size() && input.read(last, eof.size() - last.size()) > 0) continue;
    return last.view() == eof;
  }

  static std::uint64_t block(std::uint64_t virtual_offset) { return virtual_offset >> 16; }
  static std::size_t within(std::uint64_t virtual_offset) { return virtual_offset & 0xffff; }
  std::uint64_t begin_block() const { return block(range_.begin); }
  std::uint64_t end_block() const { return block(range_.end); }

  // The size of the whole blocks at the front of `stored`, which is filled, up to that of the end.
  std::size_t take_blocks(sam::Buffer& stored) {
    const std::uint64_t room = end_block() - offset_;
    for (bool is_all = stored.size() == room;; is_all = is_all || stored.size() == room) {
      const codec::BgzfBlocks blocks = codec::whole_bgzf_blocks(stored.view(), content_step);
      refuse_other(stored.view());
      if (is_full(blocks) || (is_all && blocks.stored > 0)) {
        eof_block_ = blocks.is_end;
        return blocks.stored;
      }
      if (is_all) return end_without_arriving();  // a block goes on behind the end, or the file ends
      is_all = input_.read(stored, std::min<std::uint64_t>(stored_step, room - stored.size())) == 0;
    }
  }

  // The block in which the end lies.
  std::size_t take_last(sam::Buffer& stored) {
    is_over_ = true;
    if (within(range_.end) == 0) {
      has_arrived_ = can_arrive_;
      return 0;
    }
    std::size_t needed = codec::bgzf_header_size;
    while (stored.size() < needed) {
      if (input_.read(stored, needed - stored.size()) == 0) return 0;
      if (stored.size() < needed) continue;
      const std::size_t size = codec::bgzf_block_size(stored.view());
      if (size == 0) return 0;
      needed = size;
    }
    has_arrived_ = can_arrive_ && within(range_.end) < codec::bgzf_content_size(stored.view());
    eof_block_ = false;
    return needed;
  }

  std::size_t end_without_arriving() {
    is_over_ = true;
    return 0;
  }

  void check_begin(const Batch& batch) const {
    if (offset_ != begin_block() || within(range_.begin) == 0) return;
    const std::string_view stored = batch.stored.view();
    const std::string_view first = stored.substr(0, codec::bgzf_block_size(stored));
    if (within(range_.begin) >= codec::bgzf_content_size(first))
      fail_at(input_.name(), offset_, "it is shorter than the beginning of the range says");
  }

  void refuse_other(std::string_view stored) const {
    if (stored.size() >= codec::bgzf_header_size && codec::bgzf_block_size(stored) == 0)
      fail_at(input_.name(), offset_, "not a BGZF block");
  }

  Input& input_;
  Range range_;
  bool can_arrive_;
  std::uint64_t offset_;
  bool eof_block_;  // the last one in front of offset_
  sam::Buffer rest_;
  bool is_over_ = false;
  bool has_arrived_ = false;
};

class InputSource : public codec::ByteSource {
 public:
  explicit InputSource(Input& input) : input_(input) {}
  std::size_t read(std::span<char> to) override {
    buffer_.clear();
    const std::size_t n = input_.read(buffer_, to.size());
    if (n > 0) std::memcpy(to.data(), buffer_.data(), n);
    return n;
  }
  bool is_ready() const override { return input_.is_ready(); }

 private:
  Input& input_;
  sam::Buffer buffer_;
};

class GzipReader : public ContentReader {
 public:
  explicit GzipReader(Input& input)
      : source_(codec::make_inflater(std::make_unique<InputSource>(input), input.name())) {}

  bool fill(Batch& batch) override {
    do {
      const std::size_t n = source_->read({batch.bytes.room(content_step), content_step});
      if (n == 0) break;
      batch.bytes.add(n);
    } while (batch.bytes.size() < content_step && source_->is_ready());
    return batch.bytes.size() > 0;
  }
  void open(Batch&) const override {}

 private:
  std::unique_ptr<codec::ByteSource> source_;
};

class PlainReader : public ContentReader {
 public:
  explicit PlainReader(Input& input) : input_(input) {}
  bool fill(Batch& batch) override {
    while (input_.read(batch.bytes, content_step) > 0) {
      if (batch.bytes.size() >= content_step || !input_.is_ready()) break;
    }
    return batch.bytes.size() > 0;
  }
  void open(Batch&) const override {}

 private:
  Input& input_;
};

// `input` outlives the reader.
std::unique_ptr<ContentReader> make_content_reader(Input& input, bool is_for_header) {
  if (input.compression() == Compression::bgzf) return std::make_unique<BgzfReader>(input, is_for_header);
  if (input.compression() == Compression::gzip) return std::make_unique<GzipReader>(input);
  return std::make_unique<PlainReader>(input);
}

}  // namespace

StreamSource::~StreamSource() = default;

StreamSource::StreamSource(Input& input, bool permissive, bool is_for_header)
    : reader_(make_content_reader(input, is_for_header)), permissive_(permissive) {
  name_ = input.name();
}

void StreamSource::go_on_with(Input& input, const Range& range) {
  start_ = sam::Buffer();
  start_damage_ = nullptr;
  is_ranged_ = true;
  const bool can_arrive = range.begin < range.end || is_place(input, range.end);
  reader_ = std::make_unique<BgzfRangeReader>(input, range, can_arrive);
}

bool StreamSource::is_place(Input& input, std::uint64_t virtual_offset) {
  const std::uint64_t end = input.size() << 16;
  if (virtual_offset >= end) return virtual_offset == end;
  reader_ = std::make_unique<BgzfRangeReader>(input, Range{virtual_offset, end}, true);
  std::string record;
  Batch batch;
  while (reader_->fill(batch)) {
    open(batch);
    const std::string_view bytes = batch.bytes.view();
    const Whole rest = rest_of(record, bytes);
    if (!rest.fault.empty()) return false;
    if (rest.size != npos) {
      record.append(bytes.substr(0, rest.size));
      decode_part(record, batch, [](bam1_t&) {});
      return batch.reason.empty();
    }
    if (batch.damage) std::rethrow_exception(batch.damage);
    record.append(bytes);
    batch.reset();
  }
  return record.empty() && reader_->what_is_missing() == nullptr;
}

void StreamSource::read_header() {
  Batch batch;
  std::size_t size = npos;
  for (bool more = true; size == npos;) {
    batch.reset();
    more = more && reader_->fill(batch);
    open(batch);
    start_damage_ = batch.damage;
    start_.append(batch.bytes.view());
    size = header_size(start_.view(), !more);
    if (size == npos && start_damage_) std::rethrow_exception(start_damage_);
    if (size == npos && !more) throw base::DataError("read", name_, "truncated: the header is not whole");
  }
  header_ = parse_header_bytes(start_.view().substr(0, size));
  sam::Buffer rest;
  rest.append(start_.view().substr(size));
  start_ = std::move(rest);
}

// The last batch is an empty one: it finds what was begun when the input ended.
bool StreamSource::fill(Batch& batch) {
  if (ended_) return false;
  if (start_.size() > 0 || start_damage_) {
    std::swap(batch.bytes, start_);
    start_ = sam::Buffer();
    batch.damage = std::exchange(start_damage_, nullptr);
    return true;
  }
  ended_ = batch.last = !reader_->fill(batch);
  return true;
}

// The blocks before a damaged one are there.
void StreamSource::open(Batch& batch) const {
  try {
    reader_->open(batch);
  } catch (const base::DataError&) {
    batch.damage = std::current_exception();
  }
}

void StreamSource::cut(Batch& batch) {
  if (broken_) return;
  // A line that goes on in a block that is not whole.
  if (batch.last && reader_->ends_in_block()) return;
  std::string_view bytes = batch.bytes.view();
  if (!begun_.empty() && !(batch.last && ends_with_input())) {
    Whole rest = rest_of(begun_, bytes);
    if (rest.size == npos) {
      broken_ = !rest.fault.empty() || batch.damage;
      batch.bad_end = std::move(rest.fault);
      begun_.append(bytes);
      return;
    }
    begun_.append(bytes.substr(0, rest.size));
    bytes.remove_prefix(rest.size);
  }
  batch.head.swap(begun_);
  begun_.clear();
  Whole found = whole(bytes);
  batch.body = bytes.substr(0, found.size);
  batch.bad_end = std::move(found.fault);
  broken_ = !batch.bad_end.empty() || batch.damage;
  begun_.append(bytes.substr(batch.body.size()));
}

void StreamSource::decode(Batch& batch, const RecordStep& step) {
  each_part(batch, [&](std::string_view part) { decode_part(part, batch, step); });
}

void StreamSource::each_part(Batch& batch, const std::function<void(std::string_view)>& part_step) {
  if (!batch.head.empty()) part_step(batch.head);
  if (batch.reason.empty()) part_step(batch.body);
  if (batch.reason.empty()) batch.reason = batch.bad_end;
  if (batch.reason.empty()) batch.failure = batch.damage;
}

const char* StreamSource::what_is_missing() const {
  if (const char* reason = reader_->what_is_missing(); reason != nullptr) return reason;
  return begun_.empty() ? nullptr : reader_->what_is_cut();
}

bool StreamSource::has_missed_end() const {
  return is_ranged_ && ended_ && !broken_ && (reader_->has_missed_end() || !begun_.empty());
}

}  // namespace mrf::bam
