// SPDX-License-Identifier: MIT
#include "base/own_program.h"

#include <errno.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

namespace mrf::base {

namespace {

std::string find_own_directory() {
  std::error_code error;
  auto file = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error && file.filename().string().starts_with("ld-linux"))
    file = std::filesystem::canonical(program_invocation_name, error);
  return error ? "" : file.parent_path().string();
}

}  // namespace

const std::string& own_directory() {
  static const std::string directory = find_own_directory();
  return directory;
}

std::string program_beside(const std::string& name) {
  if (own_directory().empty()) return name;
  std::string path = own_directory() + "/" + name;
  return ::access(path.c_str(), X_OK) == 0 ? path : name;
}

}  // namespace mrf::base
