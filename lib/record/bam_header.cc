// SPDX-License-Identifier: MIT
#include "record/bam_header.h"

#include <bit>
#include <cstdint>
#include <cstring>

#include "base/error.h"

namespace mrf {

namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::string_view magic{"BAM\1", 4};
constexpr std::size_t number_size = 4;
constexpr std::size_t nowhere = 0;

// Where the field behind the number at `at` begins, which is `extra` bytes longer than the number says;
// nowhere when the bytes end before.
std::size_t behind_field(std::string_view bytes, std::size_t at, std::size_t extra) {
  std::uint32_t size = 0;
  if (at == nowhere || at + sizeof size > bytes.size()) return nowhere;
  std::memcpy(&size, bytes.data() + at, sizeof size);
  const std::size_t end = at + sizeof size + size + extra;
  return end > bytes.size() ? nowhere : end;
}

}  // namespace

std::size_t bam_header_size(std::string_view bytes) {
  std::size_t at = behind_field(bytes, magic.size(), number_size);
  if (at == nowhere) return 0;
  std::uint32_t references = 0;
  std::memcpy(&references, bytes.data() + at - number_size, sizeof references);
  for (; references > 0 && at != nowhere; --references) at = behind_field(bytes, at, number_size);
  return at;
}

// Goes behind a field with its length in front, and `extra` bytes; false when it is not there whole.
bool BamHeaderScanner::skip(std::string_view bytes, std::size_t extra) {
  if (at_ + number_size > bytes.size()) return false;
  std::uint32_t size = 0;
  std::memcpy(&size, bytes.data() + at_, sizeof size);
  if (size > 0x7fffffff) throw DataError("read", input_name_, "its header has a negative length");
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
    if (references_ > 0x7fffffff) throw DataError("read", input_name_, "its header has a negative length");
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
    throw DataError("read", input_name, "it is empty, and a BAM stream has a header at least");
  throw DataError("read", input_name, "it is not BAM; 'mrf-bamread -u' makes BAM of SAM and CRAM");
}

std::string_view bam_references(std::string_view header) {
  return header.substr(behind_field(header, magic.size(), 0));
}

}  // namespace mrf
