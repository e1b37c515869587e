// SPDX-License-Identifier: MIT
#include "io/same_file.h"

#include <sys/stat.h>

#include <filesystem>
#include <system_error>

#include "io/output_file.h"

namespace mrf::io {

namespace {

std::filesystem::path where_it_would_be(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::weakly_canonical(std::filesystem::absolute(follow_link(path), ignored), ignored);
}

}  // namespace

bool is_same_file(const std::string& a, const std::string& b) {
  if (a == "-" || b == "-") return false;
  struct stat first {};
  struct stat second {};
  const bool has_first = ::stat(a.c_str(), &first) == 0;
  const bool has_second = ::stat(b.c_str(), &second) == 0;
  if (has_first != has_second) return false;
  if (!has_first) return where_it_would_be(a) == where_it_would_be(b);
  return S_ISREG(first.st_mode) && first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

}  // namespace mrf::io
