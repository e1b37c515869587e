// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "sys/fd.h"

namespace mrf {

/// A file that a job's descriptor is opened on, by the child itself.
struct OpenedRedirection {
  int fd = 0;
  int flags = 0;
  std::string path;
};

/// What one child process is to be.
struct LaunchSpec {
  std::vector<std::string> words;
  std::vector<OpenedRedirection> redirections;
  std::vector<std::string> environment;  ///< "NAME=VALUE", added to this process's own
};

/// A child that was forked. `failure` is at end-of-file once the command runs; before that it gives a
/// StartFailure when it cannot.
struct Launched {
  pid_t pid = -1;
  Fd failure;
  Fd standard_error;
};

struct StartFailure {
  int error_number = 0;
  int redirection = -1;  ///< which one could not be opened, -1: the command could not be executed
};

/// Forks. The child has its own process group, dies with this process (PR_SET_PDEATHSIG, prctl(2)), has
/// default signal handling, a pipe as standard error, and nothing as standard input where this process has a
/// terminal there. Throws SystemError.
Launched launch(const LaunchSpec& spec);

}  // namespace mrf
