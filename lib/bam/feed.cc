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

constexpr std::string_view bgzf_magic{"\x1f\x8b\x08\x04", 4};
constexpr std::size_t stored_step = std::size_t{256} << 10;
constexpr std::size_t content_step = std::size_t{1} << 19;

class BgzfFeed : public Feed {
 public:
  explicit BgzfFeed(Input& input) : input_(input) {}

  bool fill(Batch& batch) override {
    batch.stored.append(rest_.view());
    rest_.clear();
    batch.offset = offset_;
    if (batch.stored.size() < stored_step) ended_ = input_.read(batch.stored, stored_step) < stored_step;
    const std::size_t whole = whole_blocks(batch.stored.view());
    rest_.append(batch.stored.view().substr(whole));
    batch.stored.cut(whole);
    offset_ += whole;
    return whole > 0;
  }

  void open(Batch& batch) const override {
    std::string_view stored = batch.stored.view();
    std::uint64_t offset = batch.offset;
    while (!stored.empty()) {
      const std::string_view block = stored.substr(0, bgzf_block_size(stored));
      const std::size_t content = bgzf_content_size(block);
      if (content > bgzf_max_block) fail(offset, "incorrect length");
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
  // The size of the whole blocks at the front, at least one and about content_step when inflated.
  std::size_t whole_blocks(std::string_view stored) {
    std::size_t at = 0;
    std::size_t content = 0;
    while (stored.size() - at >= bgzf_header_size && content < content_step) {
      const std::size_t size = bgzf_block_size(stored.substr(at));
      if (size == 0 && at > 0) break;
      if (size == 0) fail(offset_, why_no_block(stored));
      if (stored.size() - at < size) break;
      content += bgzf_content_size(stored.substr(at, size));
      eof_block_ = stored.substr(at, size) == bgzf_eof;
      at += size;
    }
    return at;
  }

  const char* why_no_block(std::string_view stored) const {
    if (stored.starts_with(bgzf_magic)) return "malformed header";
    return offset_ == 0 ? "not a BGZF block" : "trailing garbage after a BGZF block";
  }

  [[noreturn]] void fail(std::uint64_t offset, const char* reason) const {
    throw DataError("read", input_.name(), fmt::format("BGZF block at byte {}: {}", offset, reason));
  }

  Input& input_;
  Buffer rest_;
  std::uint64_t offset_ = 0;
  bool ended_ = false;
  bool eof_block_ = false;
};

class InputSource : public ByteSource {
 public:
  explicit InputSource(Input& input) : input_(input) {}
  std::size_t read(std::span<char> to) override {
    buffer_.clear();
    const std::size_t n = input_.read(buffer_, to.size());
    std::memcpy(to.data(), buffer_.data(), n);
    return n;
  }

 private:
  Input& input_;
  Buffer buffer_;
};

class GzipFeed : public Feed {
 public:
  explicit GzipFeed(Input& input)
      : source_(make_inflater(std::make_unique<InputSource>(input), input.name())) {}

  bool fill(Batch& batch) override {
    while (batch.bytes.size() < content_step) {
      const std::size_t n = source_->read({batch.bytes.room(content_step), content_step});
      if (n == 0) break;
      batch.bytes.add(n);
    }
    return batch.bytes.size() > 0;
  }
  void open(Batch&) const override {}

 private:
  std::unique_ptr<ByteSource> source_;
};

class PlainFeed : public Feed {
 public:
  explicit PlainFeed(Input& input) : input_(input) {}
  bool fill(Batch& batch) override { return input_.read(batch.bytes, content_step) > 0; }
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
