// SPDX-License-Identifier: MIT
#include "base/own_program.h"

#include <errno.h>

#include <filesystem>
#include <system_error>

namespace mrf::base {

std::string own_program() {
  std::error_code error;
  auto file = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error && file.filename().string().starts_with("ld-linux"))
    file = std::filesystem::canonical(program_invocation_name, error);
  return error ? "" : file.string();
}

}  // namespace mrf::base
