// SPDX-License-Identifier: MIT
#include "record/bam_header.h"

#include <bit>
#include <cstdint>
#include <cstring>

#include "base/error.h"

namespace mrf::record {

namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::string_view magic{"BAM\1", 4};
constexpr std::size_t number_size = 4;

}  // namespace

// Goes behind a field with its length in front, and `extra` bytes; false when it is not there whole.
bool BamHeaderScanner::skip(std::string_view bytes, std::size_t extra) {
  if (at_ + number_size > bytes.size()) return false;
  std::uint32_t size = 0;
  std::memcpy(&size, bytes.data() + at_, sizeof size);
  if (size > 0x7fffffff) throw base::DataError("read", input_name_, "its header has a negative length");
  const std::size_t end = at_ + number_size + size + extra;
  if (end > bytes.size()) return false;
  at_ = end;
  return true;
}

std::size_t BamHeaderScanner::scan(std::string_view bytes) {
  if (field_ == Field::text) {
    if (!skip(bytes, 0)) return 0;
    field_ = Field::count;
  }
  if (field_ == Field::count) {
    if (at_ + number_size > bytes.size()) return 0;
    std::memcpy(&references_, bytes.data() + at_, sizeof references_);
    if (references_ > 0x7fffffff)
      throw base::DataError("read", input_name_, "its header has a negative length");
    at_ += number_size;
    field_ = Field::reference;
  }
  for (; field_ == Field::reference && references_ > 0; --references_) {
    if (!skip(bytes, number_size)) return 0;
  }
  field_ = Field::over;
  return at_;
}

void check_bam_magic(std::string_view bytes, const std::string& input_name) {
  if (bytes.starts_with(magic)) return;
  if (bytes.empty())
    throw base::DataError("read", input_name, "it is empty, and a BAM stream has a header at least");
  throw base::DataError("read", input_name, "it is not BAM; 'mrf-bamread -u' makes BAM of SAM and CRAM");
}

std::string_view bam_references(std::string_view header) {
  std::uint32_t text_size = 0;
  std::memcpy(&text_size, header.data() + magic.size(), sizeof text_size);
  return header.substr(magic.size() + number_size + text_size);
}

}  // namespace mrf::record
