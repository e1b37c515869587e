// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

#include "codec/bgzf.h"

namespace mrf::codec {

inline constexpr std::size_t bgzf_trailer_size = 8;
static_assert(std::endian::native == std::endian::little);

/// The deflated bytes of one whole block, without header and trailer.
std::string_view bgzf_deflated(std::string_view block);
std::uint32_t bgzf_crc(std::string_view block);

/// Where the deflated bytes go in the room for one block.
inline std::span<char> bgzf_room(std::span<char> block) {
  return block.subspan(bgzf_header_size, bgzf_max_block - bgzf_header_size - bgzf_trailer_size);
}

/// A FieldDeflater for the levels that have one, made when it is needed.
class DeflaterOfFields {
 public:
  DeflaterOfFields() = default;
  explicit DeflaterOfFields(int level) : level_(level) {}

  /// As FieldDeflater::deflate(); 0 at other levels, without fields, and for so few bytes that the codes of a
  /// block would be much of it.
  std::size_t deflate(std::string_view payload, std::span<const FieldSpan> fields, std::span<char> to) {
    if (level_ < FieldDeflater::least_level || level_ > FieldDeflater::most_level) return 0;
    if (fields.empty() || payload.size() < least_bytes) return 0;
    if (!deflater_) deflater_.emplace(level_);
    return deflater_->deflate(payload, fields, to);
  }

 private:
  static constexpr std::size_t least_bytes = 1024;

  int level_ = 0;
  std::optional<FieldDeflater> deflater_;
};

/// Writes `payload` as one stored block of DEFLATE (RFC 1951, section 3.2.4) to `to`; returns its size.
std::size_t store_deflated(std::string_view payload, char* to);

/// The CRC-32 of gzip (RFC 1952, section 8).
std::uint32_t content_crc(std::string_view content);

/// Writes header and trailer around the `deflated` bytes of `content`, which are in place already; returns
/// the block's size.
std::size_t frame_bgzf(std::span<char> block, std::size_t deflated, std::string_view content);

}  // namespace mrf::codec
