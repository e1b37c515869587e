// SPDX-License-Identifier: MIT
#include "fetch/multipart.h"

#include <doctest/doctest.h>

#include <string>

#include "md5_of.h"

namespace {

// Gives at most 1,000 bytes at a time and counts them.
class CountedText final : public mrf::fetch::ByteAccess {
 public:
  explicit CountedText(const std::string& text) : text_(text) {}
  std::string_view view(std::uint64_t at, std::span<char> scratch) override {
    const auto n = text_.copy(scratch.data(), std::min<std::size_t>(scratch.size(), 1000), at);
    read += n;
    return {scratch.data(), n};
  }
  std::uint64_t read = 0;

 private:
  const std::string& text_;
};

mrf::fetch::Expectation etag_of(const std::string& text, std::size_t part) {
  std::string digests;
  std::uint64_t parts = 0;
  for (std::size_t at = 0; at < text.size() || parts == 0; at += part, ++parts)
    digests += md5_of(text.substr(at, part));
  return {mrf::fetch::Expectation::Kind::multipart, md5_of(digests), parts, "ETag", false};
}

std::string text_of(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text += static_cast<char>(i * 7 + i / 251);
  return text;
}

}  // namespace

TEST_CASE("any of many part sizes is found, and the bytes are read once") {
  for (const std::size_t size : {0, 1, 63, 64, 65, 4096, 300000, 262144, 524288 + 1}) {
    const std::string text = text_of(size);
    std::vector<std::uint64_t> sizes;
    for (std::uint64_t i = 1; i <= 12; ++i) sizes.push_back(64 * 40 * i);
    for (const std::uint64_t odd : {1000, 65537, 262145, 300000, 600000}) sizes.push_back(odd);
    for (const std::uint64_t part : sizes) {
      CAPTURE(size);
      CAPTURE(part);
      CountedText bytes(text);
      CHECK(mrf::fetch::fits_part_size(bytes, size, etag_of(text, part), sizes));
      CHECK(bytes.read == size);
      CHECK(mrf::fetch::fits_part_size(bytes, size, etag_of(text, part), {part}));
    }
    CountedText bytes(text);
    CHECK_FALSE(mrf::fetch::fits_part_size(bytes, size, etag_of(text + "x", 2560), sizes));
    if (size > 1920) CHECK_FALSE(mrf::fetch::fits_part_size(bytes, size, etag_of(text, 1920), sizes));
  }
}
