// SPDX-License-Identifier: MIT
#include "codec/gzip_header.h"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace {

std::string header(unsigned flags) {
  std::string text("\x1f\x8b\x08", 3);
  text += static_cast<char>(flags);
  text += std::string(6, '\1');
  if ((flags & 4) != 0) text += std::string("\x03\x00", 2) + "ext";
  if ((flags & 8) != 0) text += std::string("name\0", 5);
  if ((flags & 16) != 0) text += std::string("comment\0", 8);
  if ((flags & 2) != 0) text += "cc";
  return text;
}

}  // namespace

TEST_CASE("a header with any of its fields is taken in pieces of any size, and nothing behind it") {
  for (unsigned flags = 0; flags < 32; ++flags) {
    const std::string whole = header(flags);
    for (std::size_t piece = 1; piece <= whole.size() + 3; ++piece) {
      CAPTURE(flags);
      CAPTURE(piece);
      const std::string stored = whole + "data";
      mrf::codec::GzipHeader taker;
      taker.start();
      std::size_t at = 0;
      for (bool over = false; !over;) {
        REQUIRE(at < stored.size());
        std::string_view view = std::string_view(stored).substr(at, piece);
        const std::size_t before = view.size();
        over = taker.take(view);
        at += before - view.size();
      }
      CHECK(at == whole.size());
    }
  }
}

TEST_CASE("an extra field of no bytes") {
  mrf::codec::GzipHeader taker;
  const std::string stored =
      std::string("\x1f\x8b\x08\x04", 4) + std::string(6, '\1') + std::string(2, '\0') + "data";
  std::string_view view = stored;
  CHECK(taker.take(view));
  CHECK(view == "data");
}

TEST_CASE("what is no gzip header is refused") {
  for (const char* text : {"x\x8b\x08", "\x1fx", "\x1f\x8b\x07", "\x1f\x8b\x08\x20"}) {
    mrf::codec::GzipHeader taker;
    std::string_view view = text;
    CHECK_THROWS_AS(taker.take(view), std::runtime_error);
  }
}
