// SPDX-License-Identifier: MIT
#include "io/result_place.h"

#include <filesystem>
#include <system_error>

#include "io/output_file.h"

namespace mrf::io {

std::string place_of(const std::string& path) {
  std::error_code error;
  auto directory = std::filesystem::absolute(directory_of(path), error);
  if (error) directory = directory_of(path);
  const auto canonical = std::filesystem::weakly_canonical(directory, error);
  return (error || canonical.empty() ? directory.lexically_normal() : canonical) / base_of(path);
}

std::string place_written(const std::string& path) { return place_of(follow_link(path)); }

}  // namespace mrf::io
