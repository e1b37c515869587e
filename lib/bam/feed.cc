// SPDX-License-Identifier: MIT
#include "bam/feed.h"

#include <fmt/format.h>

#include <span>
#include <stdexcept>

#include "base/error.h"
#include "codec/bgzf.h"
#include "codec/inflate.h"

namespace mrf::bam {

namespace {

constexpr std::size_t stored_step = std::size_t{256} << 10;
constexpr std::size_t content_step = std::size_t{1} << 19;

// A piece is what can be had without waiting, so that what is wrong with it is told although the writer of a
// pipe goes on.
class BgzfFeed : public Feed {
 public:
  explicit BgzfFeed(Input& input) : input_(input) {}

  bool fill(Batch& batch) override {
    batch.stored.append(rest_.view());
    rest_.clear();
    batch.offset = offset_;
    Blocks blocks;
    for (;;) {
      add_blocks(batch.stored.view(), blocks);
      const bool enough = blocks.content >= content_step || blocks.stored >= stored_step;
      if (enough || ended_ || (blocks.stored > 0 && !input_.is_ready())) break;
      if (blocks.stored == 0 && is_behind_the_end(batch.stored.view())) check_padding(batch.stored);
      ended_ = input_.read(batch.stored, stored_step) == 0;
    }
    if (blocks.stored == 0 && is_behind_the_end(batch.stored.view())) check_padding(batch.stored);
    rest_.append(batch.stored.view().substr(blocks.stored));
    batch.stored.cut(blocks.stored);
    offset_ += blocks.stored;
    return blocks.stored > 0;
  }

  void open(Batch& batch) const override {
    std::string_view stored = batch.stored.view();
    std::uint64_t offset = batch.offset;
    while (!stored.empty()) {
      const std::string_view block = stored.substr(0, codec::bgzf_block_size(stored));
      const std::size_t content = codec::bgzf_content_size(block);
      if (content > codec::bgzf_max_block) fail(offset, "incorrect length");
      try {
        batch.inflater.block(block, {batch.bytes.room(content), content});
      } catch (const std::runtime_error& error) {
        fail(offset, error.what());
      }
      batch.bytes.add(content);
      stored.remove_prefix(block.size());
      offset += block.size();
    }
  }

  const char* what_is_missing() const override {
    if (rest_.size() > 0) return "truncated: the last BGZF block is not whole";
    return eof_block_ ? nullptr : "truncated: the BGZF end-of-file block is missing";
  }

 private:
  /// Whole blocks at the front of some bytes: their sizes before and after inflating.
  struct Blocks {
    std::size_t stored = 0;
    std::size_t content = 0;
  };

  // Takes the blocks behind those that are known.
  void add_blocks(std::string_view stored, Blocks& blocks) {
    while (blocks.content < content_step) {
      const std::string_view rest = stored.substr(blocks.stored);
      if (is_behind_the_end(rest) || rest.size() < codec::bgzf_header_size) return;
      const std::size_t size = codec::bgzf_block_size(rest);
      if (size == 0 && blocks.stored > 0) return;
      if (size == 0) fail(offset_, why_no_block(rest));
      if (rest.size() < size) return;
      const std::string_view block = rest.substr(0, size);
      blocks.content += codec::bgzf_content_size(block);
      blocks.stored += size;
      eof_block_ = block == codec::bgzf_eof;
    }
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

  [[noreturn]] void fail(std::uint64_t offset, const char* reason) const {
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

class GzipFeed : public Feed {
 public:
  explicit GzipFeed(Input& input)
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

class PlainFeed : public Feed {
 public:
  explicit PlainFeed(Input& input) : input_(input) {}
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

}  // namespace

std::unique_ptr<Feed> make_feed(Input& input) {
  if (input.packing() == Packing::bgzf) return std::make_unique<BgzfFeed>(input);
  if (input.packing() == Packing::gzip) return std::make_unique<GzipFeed>(input);
  return std::make_unique<PlainFeed>(input);
}

}  // namespace mrf::bam
