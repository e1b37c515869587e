// SPDX-License-Identifier: MIT
#include "fetch/part_file.h"
#include "fuzz.h"

using namespace mrf;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::uint64_t total = 1000;
  constexpr std::uint64_t there = 900;
  const http::ObjectVersion strong{"\"a\"", std::nullopt, std::nullopt, total};
  const http::ObjectVersion weak{std::nullopt, "W/\"a\"", "Mon", total};
  const std::string text(fuzz::text_of(data, size));
  for (const auto& version : {strong, weak}) {
    const auto parts = fetch::parts_of_record(text, version, there).parts;
    std::uint64_t at = 0;
    for (const auto& part : parts) {
      fuzz::check(part.begin >= at && part.begin < part.end && part.end <= there,
                  "parts are in order and in the file");
      at = part.end;
    }
    const auto written = fetch::record_text(version, parts);
    const auto again = fetch::parts_of_record(written, version, there);
    fuzz::check(fetch::record_text(version, again.parts) == written, "what is written is read");
    fuzz::check(parts.empty() || again.is_to_be_compared == !version.etag,
                "only a strong tag needs no samples");
  }
  return 0;
}
