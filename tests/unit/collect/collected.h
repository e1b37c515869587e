// SPDX-License-Identifier: MIT
#pragma once

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "collect/collect.h"
#include "unit/directory.h"

/// What collect() makes of inputs with the contents `parts`.
inline std::string collected(const std::vector<std::string>& parts, mrf::collect::CollectOptions options,
                             const std::string& output = "out") {
  const Directory directory;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    options.inputs.push_back(directory / std::to_string(i));
    std::ofstream(options.inputs.back()) << parts[i];
  }
  options.output = directory / output;
  mrf::io::Stats stats;
  mrf::collect::collect(options, stats);
  const std::string bytes = content(options.output);
  CHECK(stats.out.bytes == bytes.size());
  CHECK(stats.records_in == stats.records_out);
  return bytes;
}
