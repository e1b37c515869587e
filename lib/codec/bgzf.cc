// SPDX-License-Identifier: MIT
#include "codec/bgzf.h"

#include <libdeflate.h>

#include "base/number_at.h"
#include "codec/bgzf_frame.h"

namespace mrf {

namespace {

constexpr std::string_view fixed_header{"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0", 16};

// The bits of FLG (RFC 1952, section 2.3.1) in a block; others would make its header longer.
constexpr int text_flag = 1;
constexpr int extra_flag = 4;

}  // namespace

// The subfield BC is looked for in the first place only, where all writers put it.
std::size_t bgzf_block_size(std::string_view stored) {
  if (!stored.starts_with("\x1f\x8b\x08") || (stored[3] & ~text_flag) != extra_flag) return 0;
  if (number_at<std::uint16_t>(stored, 10) != 6 || stored.substr(12, 4) != fixed_header.substr(12)) return 0;
  const std::size_t size = number_at<std::uint16_t>(stored, 16) + std::size_t{1};
  return size < bgzf_header_size + bgzf_trailer_size ? 0 : size;
}

bool has_gzip_name(std::string_view path) {
  constexpr std::string_view suffix = ".gz";
  if (path.size() < suffix.size()) return false;
  path.remove_prefix(path.size() - suffix.size());
  return path[0] == '.' && (path[1] | 0x20) == 'g' && (path[2] | 0x20) == 'z';
}

std::size_t bgzf_content_size(std::string_view block) {
  return number_at<std::uint32_t>(block, block.size() - 4);
}

std::string_view bgzf_deflated(std::string_view block) {
  return block.substr(bgzf_header_size, block.size() - bgzf_header_size - bgzf_trailer_size);
}

std::uint32_t bgzf_crc(std::string_view block) {
  return number_at<std::uint32_t>(block, block.size() - bgzf_trailer_size);
}

std::size_t store_deflated(std::string_view payload, char* to) {
  const auto length = static_cast<std::uint16_t>(payload.size());
  const auto complement = static_cast<std::uint16_t>(~length);
  *to++ = '\x01';
  std::memcpy(to, &length, sizeof length);
  std::memcpy(to + sizeof length, &complement, sizeof complement);
  std::memcpy(to + sizeof length + sizeof complement, payload.data(), payload.size());
  return payload.size() + 1 + sizeof length + sizeof complement;
}

std::uint32_t content_crc(std::string_view content) {
  return ::libdeflate_crc32(0, content.data(), content.size());
}

std::size_t frame_bgzf(std::span<char> block, std::size_t deflated, std::string_view content) {
  const std::size_t size = bgzf_header_size + deflated + bgzf_trailer_size;
  const auto last = static_cast<std::uint16_t>(size - 1);
  const auto length = static_cast<std::uint32_t>(content.size());
  const std::uint32_t crc = content_crc(content);
  std::memcpy(block.data(), fixed_header.data(), fixed_header.size());
  std::memcpy(block.data() + fixed_header.size(), &last, sizeof last);
  char* trailer = block.data() + bgzf_header_size + deflated;
  std::memcpy(trailer, &crc, sizeof crc);
  std::memcpy(trailer + sizeof crc, &length, sizeof length);
  return size;
}

}  // namespace mrf
