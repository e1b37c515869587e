// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "io/fd.h"
#include "process/launch.h"

namespace mrf::process {

/// A file that is gone after the run, which the command gets beside the script when it runs again.
struct MovedFile {
  std::string path;  ///< as it stands in the words of the command
  std::string name;
};

/// A process that has failed, with what it takes to repeat the failure.
struct FailureToKeep {
  std::string name;                ///< of the directory that is made for it
  std::vector<std::string> about;  ///< for the reader: what it was given, how it ended
  /// The words and the environment are kept; what the process read and wrote is not looked up here.
  const LaunchSpec& spec;
  /// Writes what it read on standard input; `name` is that of `to` for messages.
  std::function<void(io::FdRef to, const std::string& name)> write_input;
  std::string standard_error;
  std::vector<MovedFile> moved{};
};

/// Makes a directory NAME in `directory`, which is made too when it is missing; NAME.2, NAME.3 and so on when
/// NAME exists. It gets the files
///   input        what the process read
///   environment  a part of a shell script that puts env(1) in front of the command
///   stderr       what the process wrote to its standard error
///   again.sh     the command in this process's working directory, with this input and environment
/// for this user alone (0700 and 0600), since they hold all that the process could see. Returns the new
/// directory's path. Throws Error; then the new directory is gone again.
std::string keep_failure(const std::string& directory, const FailureToKeep& failure);

/// Before the work: throws SystemError "cannot create" when keep_failure() could make no directory in
/// `directory` for a reason that is there already.
void check_keep_directory(const std::string& directory);

}  // namespace mrf::process
