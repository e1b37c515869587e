// SPDX-License-Identifier: MIT
#pragma once

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "join/collect.h"

class Directory {
 public:
  Directory() {
    std::string pattern = std::filesystem::temp_directory_path() / "mrf-unit-XXXXXX";
    path_ = ::mkdtemp(pattern.data());
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  std::string operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// What collect() makes of inputs with the contents `parts`.
inline std::string collected(const std::vector<std::string>& parts, mrf::CollectOptions options,
                             const std::string& output = "out") {
  const Directory directory;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    options.inputs.push_back(directory / std::to_string(i));
    std::ofstream(options.inputs.back()) << parts[i];
  }
  options.output = directory / output;
  mrf::Stats stats;
  mrf::collect(options, stats);
  std::ifstream in(options.output);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  CHECK(stats.out.bytes == bytes.size());
  CHECK(stats.records_in == stats.records_out);
  return bytes;
}
