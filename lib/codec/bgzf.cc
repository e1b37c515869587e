// SPDX-License-Identifier: MIT
#include "codec/bgzf.h"

#include <libdeflate.h>

#include "base/number_at.h"
#include "codec/bgzf_frame.h"

namespace mrf::codec {

namespace {

constexpr std::string_view fixed_header{"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0", 16};

// The bits of FLG (RFC 1952, section 2.3.1) in a block; others would make its header longer.
constexpr int text_flag = 1;
constexpr int extra_flag = 4;

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

bool has_gzip_name(std::string_view path) {
  constexpr std::string_view suffix = ".gz";
  if (path.size() < suffix.size()) return false;
  path.remove_prefix(path.size() - suffix.size());
  return path[0] == '.' && (path[1] | 0x20) == 'g' && (path[2] | 0x20) == 'z';
}

std::size_t bgzf_content_size(std::string_view block) {
  return base::number_at<std::uint32_t>(block, block.size() - 4);
}

std::string_view bgzf_deflated(std::string_view block) {
  const std::size_t header_size = parse_bgzf_header(block).header_size;
  return block.substr(header_size, block.size() - header_size - bgzf_trailer_size);
}

std::uint32_t bgzf_crc(std::string_view block) {
  return base::number_at<std::uint32_t>(block, block.size() - bgzf_trailer_size);
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

}  // namespace mrf::codec
