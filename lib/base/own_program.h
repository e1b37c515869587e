// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace mrf::base {

/// The directory of the program that runs, with every symbolic link followed; "" when the system does not
/// say. Where the dynamic loader was told to start the program (ld.so(8), --argv0), as the tarball for any
/// Linux does, it is the directory of the file that argv[0] names, and not the loader's.
const std::string& own_directory();

/// The file of a program of this project, which is installed beside the one that runs; the name alone, for
/// PATH to find it, when there is none to execute.
std::string program_beside(const std::string& name);

}  // namespace mrf::base
