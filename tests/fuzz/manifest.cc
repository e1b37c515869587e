// SPDX-License-Identifier: MIT
#include "fetch/manifest.h"

#include <set>

#include "fuzz.h"

using namespace mrf;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::may_refuse([&] {
    fetch::ManifestOptions options;
    options.resume = true;
    options.root = "/";
    options.fetches = false;  // a checksum list needs no URLs
    std::set<std::string> targets;
    for (const fetch::ManifestEntry& entry :
         fetch::parse_manifest(std::string(fuzz::text_of(data, size)), "m.json", options)) {
      fuzz::check(!entry.target.empty() && entry.target != "-", "an entry has a target");
      fuzz::check(targets.insert(entry.target).second, "no two entries have one target");
    }
  });
  return 0;
}
