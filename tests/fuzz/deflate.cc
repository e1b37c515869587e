// SPDX-License-Identifier: MIT
#include <algorithm>
#include <string>
#include <vector>

#include "codec/field_deflater.h"
#include "fuzz.h"
#include "inflaters.h"

using namespace mrf;

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
  static fuzz::Inflaters inflaters;
  fuzz::check(inflaters.disagreeing(stored, payload) == nullptr, "it inflates to what it was");
  return 0;
}
