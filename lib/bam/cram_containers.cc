// SPDX-License-Identifier: MIT
#include "bam/cram_containers.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "codec/crc.h"

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
  while (known_ && whole_ && take()) {
  }
}

// False when it needs more bytes.
bool CramContainers::take() {
  switch (part_) {
    case Part::definition:
      return take_definition();
    case Part::header:
      return take_header();
    case Part::block:
      return take_block();
    case Part::data:
      return take_data();
    case Part::checksum:
      return take_checksum();
  }
  return false;
}

void CramContainers::drop(std::size_t n) {
  bytes_.erase(0, n);
  offset_ += n;
}

void CramContainers::fail(const char* reason) {
  whole_ = false;
  fault_ = fmt::format("the CRAM container at byte {}: {}", container_, reason);
}

bool CramContainers::take_definition() {
  if (bytes_.size() < definition_size) return false;
  version_ = static_cast<unsigned char>(bytes_[major_version_at]);
  known_ = version_ == 2 || version_ == 3;
  drop(definition_size);
  part_ = Part::header;
  return true;
}

bool CramContainers::take_header() {
  container_ = offset_;
  Numbers numbers(bytes_);
  const std::uint32_t body = numbers.int32();
  const auto reference = static_cast<std::int32_t>(numbers.itf8());
  for (int i = 0; i < 2; ++i) numbers.itf8();  // first position, span
  const std::uint32_t records = numbers.itf8();
  version_ == 3 ? numbers.skip_ltf8() : static_cast<void>(numbers.itf8());  // records before
  numbers.skip_ltf8();                                                      // bases
  numbers.itf8();                                                           // blocks
  const std::uint32_t landmarks = numbers.itf8();
  if (landmarks > most_landmarks) {
    whole_ = false;
    return false;
  }
  for (std::uint32_t i = 0; numbers.whole() && i < landmarks; ++i) numbers.itf8();
  const std::string_view header = std::string_view(bytes_).substr(0, numbers.taken());
  std::uint32_t checksum = 0;
  if (version_ == 3) checksum = numbers.int32();
  if (!numbers.whole()) return false;
  if (version_ == 3 && checksum != codec::crc32(header)) {
    fail("its header has a wrong checksum");
    return false;
  }
  records_ += records;
  containers_.push_back({records_, reference});
  drop(numbers.taken());
  body_ = body;
  part_ = version_ == 3 ? Part::block : Part::data;
  data_ = version_ == 3 ? 0 : body_;
  if (body_ == 0) part_ = Part::header;
  return true;
}

// Method, content type, content id, sizes stored and raw.
bool CramContainers::take_block() {
  constexpr std::size_t longest = 2 + 3 * 5;
  const std::string_view bytes = std::string_view(bytes_).substr(0, body_);
  Numbers numbers(bytes);
  numbers.skip(2);
  numbers.itf8();
  const std::uint32_t stored = numbers.itf8();
  numbers.itf8();
  const bool fits = numbers.taken() + stored + crc_size <= body_;
  if (numbers.whole() ? !fits : bytes.size() >= std::min<std::uint64_t>(longest, body_)) {
    fail("its blocks do not fit its size");
    return false;
  }
  if (!numbers.whole()) return false;
  crc_ = codec::crc32(bytes.substr(0, numbers.taken()));
  data_ = stored;
  body_ -= numbers.taken() + stored + crc_size;
  drop(numbers.taken());
  part_ = Part::data;
  return true;
}

bool CramContainers::take_data() {
  const std::size_t taken = std::min<std::uint64_t>(data_, bytes_.size());
  const std::string_view bytes = std::string_view(bytes_).substr(0, taken);
  if (version_ == 3 && taken > 0) crc_ = codec::join_crc32(crc_, codec::crc32(bytes), taken);
  drop(taken);
  data_ -= taken;
  if (data_ > 0) return false;
  if (version_ == 3) {
    part_ = Part::checksum;
  } else {
    part_ = Part::header;
  }
  return true;
}

bool CramContainers::take_checksum() {
  Numbers numbers(bytes_);
  const std::uint32_t checksum = numbers.int32();
  if (!numbers.whole()) return false;
  if (checksum != crc_) {
    fail("a block has a wrong checksum");
    return false;
  }
  drop(crc_size);
  part_ = body_ > 0 ? Part::block : Part::header;
  return true;
}

std::optional<std::int32_t> CramContainers::reference_of(std::uint64_t record) const {
  const auto found =
      std::upper_bound(containers_.begin(), containers_.end(), record,
                       [](std::uint64_t at, const Container& one) { return at < one.records_so_far; });
  if (found == containers_.end()) return std::nullopt;
  return found->reference;
}

}  // namespace mrf::bam
