// SPDX-License-Identifier: MIT
#include "shard/cram.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "codec/crc.h"
#include "shard/content.h"

namespace mrf::shard {

namespace {

constexpr std::size_t definition_size = 26;
constexpr std::size_t header_read = 4096;
constexpr std::size_t longest_header = std::size_t{8} << 20;
constexpr std::uint32_t end_of_file_place = 0x454f46;  // "EOF", where the first position is
constexpr std::size_t end_of_file_size_of_2 = 30;
constexpr std::size_t end_of_file_size_of_3 = 38;

// Numbers at the front of some bytes (CRAM specification, section 2.3).
class CramNumbers {
 public:
  explicit CramNumbers(std::string_view bytes) : bytes_(bytes) {}

  // False when the bytes did not suffice; then the numbers mean nothing.
  bool is_whole() const { return is_whole_; }
  std::size_t taken() const { return at_; }

  std::uint32_t int32() {
    std::uint32_t value = 0;
    for (unsigned shift = 0; shift < 32; shift += 8) value |= byte() << shift;
    return value;
  }
  std::uint32_t itf8() {
    const std::uint32_t first = byte();
    const unsigned more = std::min(leading_ones(first), 4U);
    std::uint32_t value = first & (more < 4 ? 0x7fU >> more : 0x0fU);
    for (unsigned at = 0; at < std::min(more, 3U); ++at) value = value << 8 | byte();
    return more < 4 ? value : value << 4 | (byte() & 0x0fU);
  }
  void skip_ltf8() {
    for (unsigned more = leading_ones(byte()); more > 0; --more) byte();
  }

 private:
  static unsigned leading_ones(std::uint32_t byte) {
    return static_cast<unsigned>(std::countl_one(static_cast<unsigned char>(byte)));
  }
  std::uint32_t byte() {
    is_whole_ = is_whole_ && at_ < bytes_.size();
    return is_whole_ ? static_cast<unsigned char>(bytes_[at_++]) : 0;
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  bool is_whole_ = true;
};

// A container's header at the front of `bytes`.
struct CramHeader {
  enum class State { whole, cut, none };
  State state = State::none;
  std::size_t size = 0;  // of the header
  std::uint32_t body = 0;
  std::uint32_t records = 0;
  bool is_end_of_file = false;
};

CramHeader parse_header(std::string_view bytes, int version) {
  CramNumbers numbers(bytes);
  CramHeader header;
  header.body = numbers.int32();
  const auto reference = static_cast<std::int32_t>(numbers.itf8());
  const std::uint32_t place = numbers.itf8();
  numbers.itf8();  // span
  header.records = numbers.itf8();
  version == 3 ? numbers.skip_ltf8() : static_cast<void>(numbers.itf8());  // records before
  numbers.skip_ltf8();                                                     // bases
  numbers.itf8();                                                          // blocks
  std::uint32_t landmarks = numbers.itf8();
  while (numbers.is_whole() && landmarks > 0) {
    numbers.itf8();
    --landmarks;
  }
  const std::size_t checked = numbers.taken();
  const std::uint32_t checksum = version == 3 ? numbers.int32() : 0;
  header.size = numbers.taken();
  header.is_end_of_file = reference == -1 && place == end_of_file_place && header.records == 0;
  if (!numbers.is_whole()) {
    header.state = CramHeader::State::cut;
  } else if (reference >= -2 && (version != 3 || checksum == codec::crc32(bytes.substr(0, checked)))) {
    header.state = CramHeader::State::whole;
  }
  return header;
}

}  // namespace

void CramFile::fail(const std::string& reason) const { throw base::DataError("read", name_, reason); }

CramFile::CramFile(io::FdRef file, std::string name, std::uint64_t size)
    : file_(file), name_(std::move(name)), size_(size) {
  header_ = bytes_at(file_, name_, 0, definition_size);
  if (header_.size() < definition_size || !header_.starts_with("CRAM")) fail("it is no CRAM");
  version_ = static_cast<unsigned char>(header_[4]);
  const int minor = static_cast<unsigned char>(header_[5]);
  if (!(version_ == 3 || (version_ == 2 && minor >= 1)))
    throw base::UsageError(
        "cut", name_,
        fmt::format("it is CRAM {}.{}, and 2.1 and 3 can be cut: samtools view -C converts it", version_,
                    minor));
  const std::string last = end_of_file();
  const CramHeader last_header = parse_header(last, version_);
  if (last_header.state != CramHeader::State::whole || !last_header.is_end_of_file ||
      last_header.size + last_header.body != last.size())
    fail("it is truncated: it does not end with the end-of-file container");
  const std::uint64_t end = size_ - last.size();
  const CramContainer container = container_at(definition_size);
  header_ = bytes_at(file_, name_, 0, container.end);
  first_ = container.end == end ? size_ : container.end;
}

std::string CramFile::end_of_file() const {
  const std::size_t size = version_ == 3 ? end_of_file_size_of_3 : end_of_file_size_of_2;
  return bytes_at(file_, name_, size_ - std::min<std::uint64_t>(size_, size), size);
}

CramContainer CramFile::container_at(std::uint64_t offset) const {
  for (std::size_t size = header_read;; size *= 8) {
    const std::string bytes = bytes_at(file_, name_, offset, size);
    const CramHeader header = parse_header(bytes, version_);
    const bool is_longer =
        header.state == CramHeader::State::cut && bytes.size() == size && size < longest_header;
    if (is_longer) continue;
    const std::uint64_t end = offset + header.size + header.body;
    if (header.state != CramHeader::State::whole || end > size_)
      fail(fmt::format("no CRAM container begins at byte {}", offset));
    return {offset, end, header.records, header.is_end_of_file};
  }
}

}  // namespace mrf::shard
