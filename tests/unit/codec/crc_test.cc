// SPDX-License-Identifier: MIT
#include "codec/crc.h"

#include <doctest/doctest.h>

#include <string>

namespace {

// Bit by bit, as the polynomial says.
template <typename Word>
Word plain_crc(std::string_view bytes, Word polynomial) {
  auto crc = static_cast<Word>(~Word{0});
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? (crc >> 1) ^ polynomial : crc >> 1;
  }
  return ~crc;
}
std::uint64_t plain_crc64nvme(std::string_view bytes) {
  return plain_crc(bytes, std::uint64_t{0x9a6c9329ac4bc9b5});
}

std::string made_text(int size) {
  std::string text;
  for (int i = 0; i < size; ++i) text += static_cast<char>(i * 37 + i / 11);
  return text;
}

}  // namespace

TEST_CASE("CRC-32 and CRC-32C of every length, from any address on") {
  CHECK(mrf::codec::crc32("") == 0);
  CHECK(mrf::codec::crc32({}) == 0);
  CHECK(mrf::codec::crc32("123456789") == 0xcbf43926);
  CHECK(mrf::codec::crc32c("123456789") == 0xe3069283);
  const std::string text = made_text(65536);
  for (std::size_t at = 0; at < 600; ++at) {
    CAPTURE(at);
    const std::string_view part = std::string_view(text).substr(at % 67, at);
    CHECK(mrf::codec::crc32(part) == plain_crc(part, std::uint32_t{0xedb88320}));
    CHECK(mrf::codec::crc32c(part) == plain_crc(part, std::uint32_t{0x82f63b78}));
  }
  for (const std::size_t size : {2048, 4097, 65280, 65536}) {
    CAPTURE(size);
    CHECK(mrf::codec::crc32(std::string_view(text).substr(0, size)) ==
          plain_crc(std::string_view(text).substr(0, size), std::uint32_t{0xedb88320}));
  }
}

TEST_CASE("CRC-64/NVME of the check text and of every length") {
  CHECK(mrf::codec::crc64nvme("123456789") == 0xae8b14860a799888);
  CHECK(mrf::codec::crc64nvme("") == 0);
  for (int size = 0; size < 300; ++size) {
    CAPTURE(size);
    CHECK(mrf::codec::crc64nvme(made_text(size)) == plain_crc64nvme(made_text(size)));
  }
}

TEST_CASE("CRC-64/NVME of two texts joined") {
  const std::string text = "some text that is cut at every place, and joined again";
  for (std::size_t at = 0; at <= text.size(); ++at) {
    CAPTURE(at);
    const std::string_view view(text);
    CHECK(mrf::codec::join_crc64nvme(mrf::codec::crc64nvme(view.substr(0, at)),
                                     mrf::codec::crc64nvme(view.substr(at)),
                                     text.size() - at) == mrf::codec::crc64nvme(text));
  }
}
