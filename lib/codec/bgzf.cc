// SPDX-License-Identifier: MIT
#include "codec/bgzf.h"

#include <libdeflate.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>

#include "base/environment.h"
#include "base/error.h"
#include "base/number_at.h"
#include "codec/crc.h"
#include "codec/fast_deflate.h"

namespace mrf::codec {

namespace {

constexpr std::string_view fixed_header{"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0", 16};

// The bits of FLG (RFC 1952, section 2.3.1) in a block; others would make its header longer.
constexpr int text_flag = 1;
constexpr int extra_flag = 4;

constexpr std::size_t bgzf_trailer_size = 8;

}  // namespace

BgzfHeader parse_bgzf_header(std::string_view stored) {
  using State = BgzfHeader::State;
  constexpr std::string_view magic{"\x1f\x8b\x08"};
  constexpr std::size_t fields_at = 12;
  constexpr std::size_t subfield_header = 4;
  if (!magic.starts_with(stored.substr(0, magic.size()))) return {State::none, 0, 0};
  if (stored.size() > 3 && (stored[3] & ~text_flag) != extra_flag) return {State::none, 0, 0};
  if (stored.size() < fields_at) return {State::cut, bgzf_header_size, 0};
  const std::size_t header_size = fields_at + base::number_at<std::uint16_t>(stored, 10);
  if (header_size < bgzf_header_size) return {State::none, 0, 0};
  for (std::size_t at = fields_at; at + subfield_header <= header_size;) {
    if (at + subfield_header > stored.size()) return {State::cut, header_size, 0};
    const std::size_t next = at + subfield_header + base::number_at<std::uint16_t>(stored, at + 2);
    if (next > header_size) break;
    if (stored.substr(at, 2) == "BC" && next == at + 6) {
      if (header_size > stored.size()) return {State::cut, header_size, 0};
      const std::size_t size = base::number_at<std::uint16_t>(stored, at + subfield_header) + std::size_t{1};
      if (size < header_size + bgzf_trailer_size) break;
      return {State::whole, header_size, size};
    }
    at = next;
  }
  return {State::none, 0, 0};
}

std::size_t bgzf_block_size(std::string_view stored) {
  const BgzfHeader header = parse_bgzf_header(stored);
  return header.state == BgzfHeader::State::cut ? header.header_size + bgzf_trailer_size : header.block_size;
}

std::size_t bgzf_content_size(std::string_view block) {
  return base::number_at<std::uint32_t>(block, block.size() - 4);
}

BgzfBlocks whole_bgzf_blocks(std::string_view stored, std::size_t most_content) {
  BgzfBlocks blocks;
  while (blocks.content < most_content) {
    const std::string_view rest = stored.substr(blocks.stored);
    const std::size_t size = bgzf_block_size(rest);
    blocks.has_other_behind = size == 0;
    if (size == 0 || size > rest.size()) break;
    const std::string_view block = rest.substr(0, size);
    blocks.content += std::min(bgzf_content_size(block), bgzf_max_block);
    blocks.stored += size;
    blocks.is_end = block == bgzf_eof;
  }
  return blocks;
}

namespace {

// The deflated bytes of one whole block, without header and trailer.
std::string_view bgzf_deflated(std::string_view block) {
  const std::size_t header_size = parse_bgzf_header(block).header_size;
  return block.substr(header_size, block.size() - header_size - bgzf_trailer_size);
}

std::uint32_t bgzf_crc(std::string_view block) {
  return base::number_at<std::uint32_t>(block, block.size() - bgzf_trailer_size);
}

// Where the deflated bytes go in the room for one block.
std::span<char> bgzf_room(std::span<char> block) {
  return block.subspan(bgzf_header_size, bgzf_max_block - bgzf_header_size - bgzf_trailer_size);
}

// What stands in front of a stored block's bytes: its kind, their number and its complement.
constexpr std::size_t stored_front = 5;

// Writes `payload` as one stored block of DEFLATE (RFC 1951, section 3.2.4) to `to`; returns its size.
std::size_t store_deflated(std::string_view payload, char* to) {
  const auto length = static_cast<std::uint16_t>(payload.size());
  const auto complement = static_cast<std::uint16_t>(~length);
  *to++ = '\x01';
  std::memcpy(to, &length, sizeof length);
  std::memcpy(to + sizeof length, &complement, sizeof complement);
  std::memcpy(to + sizeof length + sizeof complement, payload.data(), payload.size());
  return payload.size() + stored_front;
}

// Writes header and trailer around the `deflated` bytes of `content`, which are in place already; returns the
// block's size.
std::size_t frame_bgzf(std::span<char> block, std::size_t deflated, std::string_view content) {
  const std::size_t size = bgzf_header_size + deflated + bgzf_trailer_size;
  const auto last = static_cast<std::uint16_t>(size - 1);
  const auto length = static_cast<std::uint32_t>(content.size());
  const std::uint32_t crc = crc32(content);
  std::memcpy(block.data(), fixed_header.data(), fixed_header.size());
  std::memcpy(block.data() + fixed_header.size(), &last, sizeof last);
  char* trailer = block.data() + bgzf_header_size + deflated;
  std::memcpy(trailer, &crc, sizeof crc);
  std::memcpy(trailer + sizeof crc, &length, sizeof length);
  return size;
}

}  // namespace

// Outside of the anonymous namespace, since members of State have these types (unity builds).

// A FieldDeflater for the levels that have one, made when it is needed.
class DeflaterOfFields {
 public:
  DeflaterOfFields() = default;
  explicit DeflaterOfFields(int level) : level_(level) {}

  // As FieldDeflater::deflate(); 0 at other levels, without fields, and for so few bytes that the codes of a
  // block would be much of it. Of what is mostly CIGAR level 6 makes more than libdeflate, level 7 less: it
  // does it for both.
  std::size_t deflate(std::string_view payload, std::span<const FieldSpan> fields, std::span<char> to) {
    if (level_ < FieldDeflater::least_level || level_ > FieldDeflater::most_level) return 0;
    if (fields.empty() || payload.size() < least_bytes) return 0;
    const bool of_cigar = level_ == 6 && is_mostly_cigar(payload, fields);
    std::optional<FieldDeflater>& deflater = of_cigar ? cigar_deflater_ : deflater_;
    if (!deflater) deflater.emplace(of_cigar ? FieldDeflater::most_level : level_);
    return deflater->deflate(payload, fields, to);
  }

 private:
  static constexpr std::size_t least_bytes = 1024;

  static bool is_mostly_cigar(std::string_view payload, std::span<const FieldSpan> fields) {
    std::size_t of_cigar = 0;
    std::uint32_t begin = 0;
    for (const FieldSpan& span : fields) {
      if (span.field == Field::cigar) of_cigar += span.end - begin;
      begin = span.end;
    }
    return 2 * of_cigar > payload.size();
  }

  int level_ = 0;
  std::optional<FieldDeflater> deflater_;
  std::optional<FieldDeflater> cigar_deflater_;
};

struct LibdeflateDeleter {
  void operator()(libdeflate_compressor* library) const { ::libdeflate_free_compressor(library); }
  void operator()(libdeflate_decompressor* library) const { ::libdeflate_free_decompressor(library); }
};

// Raw DEFLATE (RFC 1951) by libdeflate, which has twelve levels: htslib spreads zlib's nine over them
// (bgzf.c).
class LibdeflateDeflater : public RawDeflater {
 public:
  explicit LibdeflateDeflater(int level) {
    constexpr std::array<int, 10> levels{0, 1, 2, 3, 5, 6, 7, 8, 10, 12};
    library_.reset(::libdeflate_alloc_compressor(levels.at(static_cast<std::size_t>(level))));
    if (!library_) throw std::bad_alloc();
  }

  std::size_t deflate(std::string_view payload, std::span<char> to) override {
    return ::libdeflate_deflate_compress(library_.get(), payload.data(), payload.size(), to.data(),
                                         to.size());
  }

 private:
  std::unique_ptr<libdeflate_compressor, LibdeflateDeleter> library_;
};

// Inflates blocks again when check_blocks_variable is set.
class BlockCheck {
 public:
  BlockCheck() {
    if (!base::environment(check_blocks_variable).empty()) inflater_.emplace();
  }

  void check(std::string_view block, std::string_view payload) {
    if (!inflater_) return;
    back_.resize(payload.size());
    std::string reason;
    try {
      inflater_->block(block, back_);
      if (back_ != payload) reason = "it inflates to other bytes";
    } catch (const std::runtime_error& error) {
      reason = error.what();
    }
    if (reason.empty()) return;
    throw base::Error(base::Status::failure, "compress", "block", reason + "; report this as a bug");
  }

 private:
  std::optional<BgzfInflater> inflater_;
  std::string back_;
};

struct BgzfDeflater::State {
  int level;
  std::unique_ptr<RawDeflater> library;
  DeflaterOfFields by_fields;
  BlockCheck check;
};

BgzfDeflater::BgzfDeflater(int level)
    : state_(std::make_unique<State>(State{level, nullptr, DeflaterOfFields(level), {}})) {
  if (level == 1) state_->library = make_fast_deflater();
  if (level > 0 && !state_->library) state_->library = std::make_unique<LibdeflateDeflater>(level);
}
BgzfDeflater::~BgzfDeflater() = default;
BgzfDeflater::BgzfDeflater(BgzfDeflater&&) noexcept = default;
BgzfDeflater& BgzfDeflater::operator=(BgzfDeflater&&) noexcept = default;

// A payload that would become larger is stored.
std::size_t BgzfDeflater::block(std::string_view payload, std::span<const FieldSpan> fields,
                                std::span<char> to) {
  const std::span<char> room = bgzf_room(to);
  std::size_t deflated = state_->by_fields.deflate(payload, fields, room);
  if (deflated == 0 && state_->library) deflated = state_->library->deflate(payload, room);
  if (deflated == 0 || deflated > payload.size() + stored_front)
    deflated = store_deflated(payload, room.data());
  const std::size_t size = frame_bgzf(to, deflated, payload);
  state_->check.check({to.data(), size}, payload);
  return size;
}

struct BgzfInflater::State {
  std::unique_ptr<libdeflate_decompressor, LibdeflateDeleter> library;
};

BgzfInflater::BgzfInflater() : state_(std::make_unique<State>()) {
  state_->library.reset(::libdeflate_alloc_decompressor());
  if (!state_->library) throw std::bad_alloc();
}
BgzfInflater::~BgzfInflater() = default;
BgzfInflater::BgzfInflater(BgzfInflater&&) noexcept = default;
BgzfInflater& BgzfInflater::operator=(BgzfInflater&&) noexcept = default;

void BgzfInflater::block(std::string_view stored, std::span<char> to) {
  const std::string_view deflated = bgzf_deflated(stored);
  const libdeflate_result result = ::libdeflate_deflate_decompress(
      state_->library.get(), deflated.data(), deflated.size(), to.data(), to.size(), nullptr);
  if (result == LIBDEFLATE_SHORT_OUTPUT || result == LIBDEFLATE_INSUFFICIENT_SPACE) {
    throw std::runtime_error("incorrect length");
  }
  if (result != LIBDEFLATE_SUCCESS) throw std::runtime_error("invalid compressed data");
  if (crc32({to.data(), to.size()}) != bgzf_crc(stored)) throw std::runtime_error("incorrect checksum");
}

BgzfContent BgzfInflater::blocks(std::string_view stored, std::span<char> to) {
  BgzfContent content;
  while (content.offset < stored.size()) {
    const std::string_view rest = stored.substr(content.offset);
    const std::string_view one = rest.substr(0, bgzf_block_size(rest));
    const std::size_t size = bgzf_content_size(one);
    try {
      if (size > bgzf_max_block) throw std::runtime_error("incorrect length");
      block(one, to.subspan(content.size, size));
    } catch (const std::runtime_error& error) {
      content.damage = error.what();
      break;
    }
    content.size += size;
    content.offset += one.size();
  }
  return content;
}

std::string bgzf_library() { return "libdeflate " LIBDEFLATE_VERSION_STRING; }

}  // namespace mrf::codec
