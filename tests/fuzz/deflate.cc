// SPDX-License-Identifier: MIT
#include <libdeflate.h>
#include <zlib.h>
#ifdef MRF_FUZZ_ISAL
#include <isa-l.h>
#endif

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "codec/field_deflater.h"
#include "fuzz.h"

using namespace mrf;

namespace {

bool zlib_agrees(const std::string& stored, std::string_view plain) {
  std::string back(plain.size() + 1, '\0');
  z_stream stream{};
  if (::inflateInit2(&stream, -15) != Z_OK) return false;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(stored.data()));
  stream.avail_in = static_cast<uInt>(stored.size());
  stream.next_out = reinterpret_cast<Bytef*>(back.data());
  stream.avail_out = static_cast<uInt>(back.size());
  const int result = ::inflate(&stream, Z_FINISH);
  back.resize(stream.total_out);
  ::inflateEnd(&stream);
  return result == Z_STREAM_END && stream.avail_in == 0 && back == plain;
}

bool libdeflate_agrees(const std::string& stored, std::string_view plain) {
  static libdeflate_decompressor* const library = ::libdeflate_alloc_decompressor();
  std::string back(plain.size(), '\0');
  std::size_t got = 0;
  return ::libdeflate_deflate_decompress(library, stored.data(), stored.size(), back.data(), back.size(),
                                         &got) == LIBDEFLATE_SUCCESS &&
         got == plain.size() && back == plain;
}

bool isal_agrees([[maybe_unused]] const std::string& stored, [[maybe_unused]] std::string_view plain) {
#ifdef MRF_FUZZ_ISAL
  static const auto state = std::make_unique<inflate_state>();
  std::string back(plain.size() + 1, '\0');
  std::string from = stored;
  ::isal_inflate_init(state.get());
  state->crc_flag = ISAL_DEFLATE;
  state->next_in = reinterpret_cast<std::uint8_t*>(from.data());
  state->avail_in = static_cast<std::uint32_t>(from.size());
  state->next_out = reinterpret_cast<std::uint8_t*>(back.data());
  state->avail_out = static_cast<std::uint32_t>(back.size());
  const int result = ::isal_inflate(state.get());
  back.resize(state->total_out);
  return result == ISAL_DECOMP_OK && state->block_state == ISAL_BLOCK_FINISH && back == plain;
#else
  return true;
#endif
}

}  // namespace

// The first byte is the level; each of the next, as many as the second says, a span's field and a length; the
// rest is the payload, as often as the third says.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  static std::vector<codec::FieldDeflater> deflaters = [] {
    std::vector<codec::FieldDeflater> made;
    for (int level = codec::FieldDeflater::least_level; level <= codec::FieldDeflater::most_level; ++level)
      made.emplace_back(level);
    return made;
  }();
  const std::size_t spans = std::min<std::size_t>(data[1], size - 3);
  std::vector<codec::FieldSpan> fields;
  std::uint32_t end = 0;
  for (std::size_t at = 0; at < spans; ++at) {
    const std::uint8_t byte = data[3 + at];
    end += static_cast<std::uint32_t>(byte / codec::field_kinds * (1 + data[2] % 16U));
    fields.push_back({end, static_cast<codec::Field>(byte % codec::field_kinds)});
  }
  std::string payload;
  for (int times = 0; times <= data[2] / 16; ++times)
    payload += fuzz::text_of(data + 3 + spans, size - 3 - spans);
  payload.resize(std::min(payload.size(), codec::FieldDeflater::most_bytes));
  std::string stored(payload.size() + payload.size() / 4 + 1000, '\0');
  stored.resize(deflaters[data[0] % deflaters.size()].deflate(payload, fields, stored));
  fuzz::check(!stored.empty(), "there is room enough");
  fuzz::check(zlib_agrees(stored, payload), "zlib inflates it to what it was");
  fuzz::check(libdeflate_agrees(stored, payload), "and libdeflate");
  fuzz::check(isal_agrees(stored, payload), "and ISA-L");
  return 0;
}
