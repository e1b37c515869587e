// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "record/framer.h"

namespace mrf::record {

namespace {

class FixedFramer : public Framer {
 public:
  FixedFramer(std::uint64_t size, std::string name) : size_(size), name_(std::move(name)) {}

  Span take(std::string_view bytes, std::uint64_t max_records) override {
    const std::uint64_t records = std::min<std::uint64_t>(bytes.size() / size_, max_records);
    return {static_cast<std::size_t>(records * size_), records};
  }

  std::string_view complete(std::string_view tail) override {
    throw base::DataError("read", name_,
                          fmt::format("the last record has {} bytes of {}", tail.size(), size_));
  }

 private:
  const std::uint64_t size_;
  const std::string name_;
};

std::uint32_t little_endian_32(std::string_view bytes) {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < 4; ++i) value |= std::uint32_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  return value;
}

class BamFramer : public Framer {
 public:
  explicit BamFramer(std::string name) : name_(std::move(name)) {}

  Span take(std::string_view bytes, std::uint64_t max_records) override {
    Span span;
    while (span.records < max_records && bytes.size() - span.bytes >= length_bytes) {
      const std::uint32_t length = little_endian_32(bytes.substr(span.bytes));
      if (length < fixed_fields || length > 0x7fffffff) {
        throw base::DataError("read", name_, fmt::format("record {} has no valid length", number_));
      }
      if (bytes.size() - span.bytes - length_bytes < length) break;
      span.bytes += length_bytes + length;
      ++span.records;
      ++number_;
    }
    return span;
  }

  std::string_view complete(std::string_view tail) override {
    // A length of 21 million bytes that the input does not have: the magic of a BAM stream (section 4.2).
    if (tail.starts_with(std::string_view("BAM\1", 4))) {
      throw base::DataError(
          "read", name_,
          fmt::format("a second BAM stream begins behind record {}; mrf-bamread joins several", number_ - 1));
    }
    throw base::DataError("read", name_, fmt::format("record {} is truncated", number_));
  }

 private:
  static constexpr std::size_t length_bytes = 4;
  static constexpr std::uint32_t fixed_fields = 32;  // refID to tlen

  const std::string name_;
  std::uint64_t number_ = 1;
};

}  // namespace

std::unique_ptr<Framer> make_fixed_framer(std::uint64_t size, std::string input_name) {
  return std::make_unique<FixedFramer>(size, std::move(input_name));
}

std::unique_ptr<Framer> make_bam_framer(std::string input_name) {
  return std::make_unique<BamFramer>(std::move(input_name));
}

}  // namespace mrf::record
