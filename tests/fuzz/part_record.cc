// SPDX-License-Identifier: MIT
#include <algorithm>

#include "fetch/part_file.h"
#include "fuzz.h"

using namespace mrf;

namespace {

bool is_equal(const fetch::PartSum& one, const fetch::PartSum& other) {
  return one.begin == other.begin && one.end == other.end && one.crc == other.crc;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::uint64_t there = 900;
  http::ObjectVersion version;
  version.etag = "\"a\"";
  version.total = 1000;
  const auto found = fetch::parts_of_record(std::string(fuzz::text_of(data, size)), version, there);
  std::uint64_t at = 0;
  for (const fetch::PartSum& part : found.parts) {
    fuzz::check(part.begin >= at && part.begin < part.end && part.end <= there,
                "parts are in order and in the file");
    at = part.end;
  }
  const auto again = fetch::parts_of_record(fetch::record_text(version, found.parts), version, there);
  fuzz::check(
      std::equal(found.parts.begin(), found.parts.end(), again.parts.begin(), again.parts.end(), is_equal),
      "what is written is read");
  return 0;
}
