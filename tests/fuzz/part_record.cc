// SPDX-License-Identifier: MIT
#include "fetch/part_file.h"
#include "fuzz.h"

using namespace mrf;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::uint64_t total = 1000;
  constexpr std::uint64_t there = 900;
  const http::ObjectVersion version{"\"a\"", std::nullopt, total};
  const auto runs = fetch::runs_of_record(std::string(fuzz::text_of(data, size)), version, there);
  std::uint64_t at = 0;
  for (const auto& [begin, end] : runs) {
    fuzz::check(begin >= at && begin < end && end <= there, "runs are in order and in the file");
    at = end;
  }
  fuzz::check(fetch::runs_of_record(fetch::record_text(version, runs), version, there) == runs,
              "what is written is read");
  return 0;
}
