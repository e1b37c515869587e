// SPDX-License-Identifier: MIT
#include "bam/cram_containers.h"

#include <algorithm>
#include <bit>

namespace mrf::bam {

namespace {

constexpr std::size_t definition_size = 26;
constexpr std::size_t major_version_at = 4;
constexpr std::size_t crc_size = 4;
constexpr std::uint64_t most_landmarks = std::uint64_t{1} << 20;

/// The numbers at the front of some bytes (CRAM specification, section 2.3).
class Numbers {
 public:
  explicit Numbers(std::string_view bytes) : bytes_(bytes) {}

  /// False when the bytes did not suffice; then the numbers mean nothing.
  bool whole() const { return whole_; }
  std::size_t taken() const { return at_; }

  void skip(std::size_t n) {
    whole_ = whole_ && bytes_.size() - at_ >= n;
    if (whole_) at_ += n;
  }
  std::uint32_t int32() {
    std::uint32_t value = 0;
    for (unsigned shift = 0; shift < 32; shift += 8) value |= byte() << shift;
    return value;
  }
  std::uint32_t itf8() {
    const std::uint32_t first = byte();
    const unsigned more = std::min(leading_ones(first), 4U);
    std::uint32_t value = first & (more < 4 ? 0x7fU >> more : 0x0fU);
    for (unsigned i = 0; i < std::min(more, 3U); ++i) value = value << 8 | byte();
    return more < 4 ? value : value << 4 | (byte() & 0x0fU);
  }
  void skip_ltf8() { skip(leading_ones(byte())); }

 private:
  static unsigned leading_ones(std::uint32_t byte) {
    return static_cast<unsigned>(std::countl_one(static_cast<unsigned char>(byte)));
  }
  std::uint32_t byte() {
    const std::size_t at = at_;
    skip(1);
    return whole_ ? static_cast<unsigned char>(bytes_[at]) : 0;
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  bool whole_ = true;
};

}  // namespace

void CramContainers::add(std::string_view bytes) {
  if (!known_ || !whole_) return;
  bytes_.append(bytes);
  if (version_ == 0) take_definition();
  while (version_ != 0 && skip() && take_header()) {
  }
}

void CramContainers::take_definition() {
  if (bytes_.size() < definition_size) return;
  version_ = static_cast<unsigned char>(bytes_[major_version_at]);
  known_ = version_ == 2 || version_ == 3;
  skip_ = definition_size;
}

// False when more has to be skipped than is there.
bool CramContainers::skip() {
  const std::size_t skipped = std::min<std::uint64_t>(skip_, bytes_.size());
  bytes_.erase(0, skipped);
  skip_ -= skipped;
  return skip_ == 0;
}

// False when there is no whole header.
bool CramContainers::take_header() {
  Numbers numbers(bytes_);
  const std::uint32_t body = numbers.int32();
  for (int i = 0; i < 3; ++i) numbers.itf8();  // reference, first position, span
  const std::uint32_t records = numbers.itf8();
  version_ == 3 ? numbers.skip_ltf8() : static_cast<void>(numbers.itf8());  // records before
  numbers.skip_ltf8();                                                      // bases
  numbers.itf8();                                                           // blocks
  const std::uint32_t landmarks = numbers.itf8();
  whole_ = landmarks <= most_landmarks;
  for (std::uint32_t i = 0; whole_ && numbers.whole() && i < landmarks; ++i) numbers.itf8();
  if (version_ == 3) numbers.skip(crc_size);
  if (!whole_ || !numbers.whole()) return false;
  records_ += records;
  skip_ = numbers.taken() + body;
  return true;
}

}  // namespace mrf::bam
