// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace mrf::base {

/// The file of the program that runs, with every symbolic link followed; "" when the system does not say.
/// Where the dynamic loader was told to start the program (ld.so(8), --argv0), as the tarball for any Linux
/// does, it is the file that argv[0] names, and not the loader.
std::string own_program();

}  // namespace mrf::base
