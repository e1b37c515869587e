// SPDX-License-Identifier: MIT
#include "record/bam_header.h"

#include "collect/preamble.h"
#include "fuzz.h"

using namespace mrf;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = fuzz::text_of(data, size);
  fuzz::may_refuse([&] {
    record::check_bam_magic(bytes, "fuzz");
    const std::size_t header = record::BamHeaderScanner("fuzz").scan(bytes);
    fuzz::check(header <= size, "a header is a part of its stream");
    collect::BamReferences references;
    const auto preamble = collect::make_bam_preamble({collect::HeaderUse::Way::keep}, references, "fuzz");
    const std::size_t taken = preamble->take(bytes, false);
    fuzz::check(taken == header, "both programs find the same header");
    if (header == 0) return;
    fuzz::check(preamble->text() == bytes.substr(0, header), "a header is kept as it is");
    fuzz::check(record::bam_references(bytes.substr(0, header)).size() < header,
                "references are a part of it");
  });
  return 0;
}
