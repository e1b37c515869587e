// SPDX-License-Identifier: MIT
#include "record/cram_header.h"

#include <algorithm>
#include <bit>

#include "codec/crc.h"

namespace mrf::record {

namespace {

constexpr std::uint32_t most_landmarks = std::uint32_t{1} << 20;
constexpr std::uint32_t end_of_file_place = 0x454f46;  // "EOF", where the first position is

unsigned leading_ones(std::uint32_t byte) {
  return static_cast<unsigned>(std::countl_one(static_cast<unsigned char>(byte)));
}

}  // namespace

void CramNumbers::skip(std::size_t bytes) {
  is_whole_ = is_whole_ && bytes_.size() - at_ >= bytes;
  if (is_whole_) at_ += bytes;
}

std::uint32_t CramNumbers::int32() {
  std::uint32_t value = 0;
  for (unsigned shift = 0; shift < 32; shift += 8) value |= byte() << shift;
  return value;
}

std::uint32_t CramNumbers::itf8() {
  const std::uint32_t first = byte();
  const unsigned more = std::min(leading_ones(first), 4U);
  std::uint32_t value = first & (more < 4 ? 0x7fU >> more : 0x0fU);
  for (unsigned at = 0; at < std::min(more, 3U); ++at) value = value << 8 | byte();
  return more < 4 ? value : value << 4 | (byte() & 0x0fU);
}

void CramNumbers::skip_ltf8() { skip(leading_ones(byte())); }

std::uint32_t CramNumbers::byte() {
  const std::size_t at = at_;
  skip(1);
  return is_whole_ ? static_cast<unsigned char>(bytes_[at]) : 0;
}

CramHeader parse_cram_header(std::string_view bytes, int version) {
  CramNumbers numbers(bytes);
  CramHeader header;
  header.body = numbers.int32();
  header.reference = static_cast<std::int32_t>(numbers.itf8());
  const std::uint32_t place = numbers.itf8();
  numbers.itf8();  // span
  header.records = numbers.itf8();
  version == 3 ? numbers.skip_ltf8() : static_cast<void>(numbers.itf8());  // records before
  numbers.skip_ltf8();                                                     // bases
  numbers.itf8();                                                          // blocks
  const std::uint32_t landmarks = numbers.itf8();
  if (numbers.is_whole() && landmarks > most_landmarks) return header;
  for (std::uint32_t at = 0; numbers.is_whole() && at < landmarks; ++at) numbers.itf8();
  const std::size_t checked = numbers.taken();
  const std::uint32_t checksum = version == 3 ? numbers.int32() : 0;
  header.size = numbers.taken();
  header.is_end_of_file = header.reference == -1 && place == end_of_file_place && header.records == 0;
  const bool is_right = version != 3 || checksum == codec::crc32(bytes.substr(0, checked));
  header.state = !numbers.is_whole() ? CramHeader::State::cut
                 : is_right          ? CramHeader::State::whole
                                     : CramHeader::State::wrong_checksum;
  return header;
}

}  // namespace mrf::record
