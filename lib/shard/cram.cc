// SPDX-License-Identifier: MIT
#include "shard/cram.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "record/cram_header.h"
#include "shard/content.h"

namespace mrf::shard {

using record::cram_definition_size;
using record::CramHeader;
using record::parse_cram_header;

namespace {

constexpr std::size_t header_read = 4096;
constexpr std::size_t longest_header = std::size_t{8} << 20;
constexpr std::size_t end_of_file_size_of_2 = 30;
constexpr std::size_t end_of_file_size_of_3 = 38;

}  // namespace

void CramFile::fail(const std::string& reason) const { throw base::DataError("read", name_, reason); }

CramFile::CramFile(io::FdRef file, std::string name, std::uint64_t size)
    : file_(file), name_(std::move(name)), size_(size) {
  header_ = bytes_at(file_, name_, 0, cram_definition_size);
  if (header_.size() < cram_definition_size || !header_.starts_with("CRAM")) fail("it is no CRAM");
  version_ = static_cast<unsigned char>(header_[4]);
  const int minor = static_cast<unsigned char>(header_[5]);
  if (!(version_ == 3 || (version_ == 2 && minor >= 1)))
    throw base::UsageError(
        "cut", name_,
        fmt::format("it is CRAM {}.{}, and 2.1 and 3 can be cut: samtools view -C converts it", version_,
                    minor));
  const std::string last = end_of_file();
  const CramHeader last_header = parse_cram_header(last, version_);
  if (last_header.state != CramHeader::State::whole || !last_header.is_end_of_file ||
      last_header.size + last_header.body != last.size())
    fail("it is truncated: it does not end with the end-of-file container");
  const std::uint64_t end = size_ - last.size();
  const CramContainer container = container_at(cram_definition_size);
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
    const CramHeader header = parse_cram_header(bytes, version_);
    const bool is_longer =
        header.state == CramHeader::State::cut && bytes.size() == size && size < longest_header;
    if (is_longer) continue;
    const std::uint64_t end = offset + header.size + header.body;
    if (header.state != CramHeader::State::whole || header.reference < -2 || end > size_)
      fail(fmt::format("no CRAM container begins at byte {}", offset));
    return {offset, end, header.records, header.is_end_of_file};
  }
}

}  // namespace mrf::shard
