// SPDX-License-Identifier: MIT
#include "bam/cram_containers.h"

#include <fmt/format.h>

#include <algorithm>

#include "codec/crc.h"
#include "record/cram_header.h"

namespace mrf::bam {

using record::CramHeader;
using record::CramNumbers;

namespace {

constexpr std::size_t major_version_at = 4;
constexpr std::size_t crc_size = 4;

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
  if (bytes_.size() < record::cram_definition_size) return false;
  version_ = static_cast<unsigned char>(bytes_[major_version_at]);
  known_ = version_ == 2 || version_ == 3;
  drop(record::cram_definition_size);
  part_ = Part::header;
  return true;
}

bool CramContainers::take_header() {
  container_ = offset_;
  const CramHeader header = record::parse_cram_header(bytes_, version_);
  if (header.state == CramHeader::State::cut) return false;
  if (header.state == CramHeader::State::none) {
    whole_ = false;
    return false;
  }
  if (header.state == CramHeader::State::wrong_checksum) {
    fail("its header has a wrong checksum");
    return false;
  }
  records_ += header.records;
  containers_.push_back({records_, header.reference});
  drop(header.size);
  body_ = header.body;
  part_ = version_ == 3 ? Part::block : Part::data;
  data_ = version_ == 3 ? 0 : body_;
  if (body_ == 0) part_ = Part::header;
  return true;
}

// Method, content type, content id, sizes stored and raw.
bool CramContainers::take_block() {
  constexpr std::size_t longest = 2 + 3 * 5;
  const std::string_view bytes = std::string_view(bytes_).substr(0, body_);
  CramNumbers numbers(bytes);
  numbers.skip(2);
  numbers.itf8();
  const std::uint32_t stored = numbers.itf8();
  numbers.itf8();
  const bool fits = numbers.taken() + stored + crc_size <= body_;
  if (numbers.is_whole() ? !fits : bytes.size() >= std::min<std::uint64_t>(longest, body_)) {
    fail("its blocks do not fit its size");
    return false;
  }
  if (!numbers.is_whole()) return false;
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
  CramNumbers numbers(bytes_);
  const std::uint32_t checksum = numbers.int32();
  if (!numbers.is_whole()) return false;
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
