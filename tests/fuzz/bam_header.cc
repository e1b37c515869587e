// SPDX-License-Identifier: MIT
#include <algorithm>

#include "fuzz.h"
#include "record/header.h"

using namespace mrf;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = fuzz::text_of(data, size);
  fuzz::may_refuse([&] {
    const std::size_t header = record::HeaderReader(record::bam_header(), "fuzz").take(bytes, false);
    fuzz::check(header <= size, "a header is a part of its stream");
    record::HeaderReader reader(record::bam_header(), "fuzz");
    for (std::size_t end = 0; end < std::min<std::size_t>(header, 4096); ++end)
      fuzz::check(reader.take(bytes.substr(0, end), false) == 0, "a header that is cut needs more bytes");
    fuzz::check(reader.take(bytes, false) == header, "a header is the same, however its bytes arrive");
    if (header == 0) return;
    fuzz::check(record::bam_references(bytes.substr(0, header)).size() < header,
                "references are a part of it");
  });
  return 0;
}
