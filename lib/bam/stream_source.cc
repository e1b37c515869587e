// SPDX-License-Identifier: MIT
#include "bam/stream_source.h"

#include <fmt/format.h>

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
};

namespace {

constexpr std::size_t stored_step = std::size_t{256} << 10;
constexpr std::size_t content_step = std::size_t{1} << 19;
// Of blocks that are taken until they have content_step; always as much, so that buffers need not grow.
constexpr std::size_t most_content = content_step + codec::bgzf_max_block;

// A piece is the data that can be had without waiting: an error in it is reported while the writer of the
// pipe continues.
class BgzfReader : public ContentReader {
 public:
  explicit BgzfReader(Input& input) : input_(input) {}

  bool fill(Batch& batch) override {
    batch.stored.append(rest_.view());
    rest_.clear();
    batch.offset = offset_;
    codec::BgzfBlocks blocks;
    for (;;) {
      blocks = take_blocks(batch.stored);
      const bool enough = blocks.content >= content_step || blocks.stored >= stored_step;
      if (enough || ended_ || (blocks.stored > 0 && !input_.is_ready())) break;
      ended_ = input_.read(batch.stored, stored_step) == 0;
    }
    if (blocks.stored > 0) eof_block_ = blocks.is_end;
    rest_.append(batch.stored.view().substr(blocks.stored));
    batch.stored.cut(blocks.stored);
    offset_ += blocks.stored;
    return blocks.stored > 0;
  }

  void open(Batch& batch) const override {
    if (batch.stored.size() == 0) return;
    const codec::BgzfContent content =
        batch.inflater.blocks(batch.stored.view(), {batch.bytes.room(most_content), most_content});
    batch.bytes.add(content.size);
    if (!content.damage.empty()) fail(batch.offset + content.offset, content.damage);
  }

  const char* what_is_missing() const override {
    if (rest_.size() > 0) return "truncated: the last BGZF block is not whole";
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
    throw base::DataError("read", input_.name(), fmt::format("BGZF block at byte {}: {}", offset, reason));
  }

  Input& input_;
  sam::Buffer rest_;
  std::uint64_t offset_ = 0;
  bool ended_ = false;
  bool eof_block_ = false;
  bool padded_ = false;
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
std::unique_ptr<ContentReader> make_content_reader(Input& input) {
  if (input.compression() == Compression::bgzf) return std::make_unique<BgzfReader>(input);
  if (input.compression() == Compression::gzip) return std::make_unique<GzipReader>(input);
  return std::make_unique<PlainReader>(input);
}

}  // namespace

StreamSource::~StreamSource() = default;

StreamSource::StreamSource(Input& input, bool permissive)
    : reader_(make_content_reader(input)), permissive_(permissive) {
  name_ = input.name();
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
  std::string_view bytes = batch.bytes.view();
  if (!begun_.empty() && !(batch.last && ends_with_input())) {
    Whole rest = rest_of(begun_, bytes);
    if (rest.size == npos) {
      broken_ = !rest.fault.empty();
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
  broken_ = !batch.bad_end.empty();
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
  return begun_.empty() ? nullptr : "truncated: the last record is not whole";
}

}  // namespace mrf::bam
