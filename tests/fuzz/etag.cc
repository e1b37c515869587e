// SPDX-License-Identifier: MIT
#include <cstring>

#include "fetch/expectation.h"
#include "fetch/multipart.h"
#include "fuzz.h"

using namespace mrf;

// Eight bytes of an object's size, then an entity tag.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::uint64_t total = 0;
  if (size < sizeof total) return 0;
  std::memcpy(&total, data, sizeof total);
  total %= std::uint64_t{1} << 50;
  const std::string tag(fuzz::text_of(data + sizeof total, size - sizeof total));
  fuzz::may_refuse([&] {
    const fetch::Expectation expectation = fetch::parse_expectation("s3_etag", tag);
    fuzz::check(expectation.value.size() == 16, "an MD5 has 16 bytes");
    if (expectation.kind != fetch::Expectation::Kind::multipart || total == 0) return;
    fuzz::check(expectation.parts > 0, "there is a part");
    for (const std::uint64_t part : fetch::part_size_candidates(total, expectation.parts)) {
      fuzz::check(part > 0 && (total - 1) / part + 1 == expectation.parts,
                  "a part size gives the number of parts");
    }
  });
  return 0;
}
