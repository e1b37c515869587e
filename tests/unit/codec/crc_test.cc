// SPDX-License-Identifier: MIT
#include "codec/crc.h"

#include <doctest/doctest.h>

#include <string>

namespace {

// Bit by bit, as the polynomial says.
std::uint64_t plain_crc64nvme(std::string_view bytes) {
  std::uint64_t crc = ~std::uint64_t{0};
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x9a6c9329ac4bc9b5 : crc >> 1;
  }
  return ~crc;
}

}  // namespace

TEST_CASE("CRC-64/NVME of the check text and of every length") {
  CHECK(mrf::codec::crc64nvme("123456789") == 0xae8b14860a799888);
  CHECK(mrf::codec::crc64nvme("") == 0);
  std::string text;
  for (int i = 0; i < 300; ++i) {
    CAPTURE(i);
    CHECK(mrf::codec::crc64nvme(text) == plain_crc64nvme(text));
    text += static_cast<char>(i * 37 + i / 11);
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
