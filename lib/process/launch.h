// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "io/fd.h"
#include "process/child.h"
#include "process/outcome.h"

namespace mrf::process {

/// A file that a job's descriptor is opened on: by the child itself, or by launch() if it is a FIFO of the
/// run.
struct OpenedRedirection {
  int fd = 0;
  int flags = 0;
  std::string path;
  bool is_own_fifo = false;  ///< somebody has its other end open; else nothing waits for one
};

/// A descriptor of this process that becomes a descriptor of the child's.
struct PassedFd {
  int fd = 0;
  io::FdRef from;
};

/// What one child process is to be.
struct LaunchSpec {
  std::vector<std::string> words;
  std::vector<OpenedRedirection> redirections;
  std::vector<std::string> environment;  ///< "NAME=VALUE", added to this process's own; "NAME": taken out
  std::vector<PassedFd> passed;
  bool is_part_of_job = false;  ///< stays in this process's group and has its standard error
  bool leads_group = false;     ///< has a group of its own, though it is a part of a job
};

/// A child that was started. `failure` is at end-of-file once the command runs; before that it gives a
/// StartFailure when it cannot.
struct Launched {
  pid_t pid = -1;
  io::Fd failure;
  io::Fd standard_error;  ///< not open for a part of a job
};

/// Starts a child, in the memory of this process, which waits for its execve(2): that spares the copy of a
/// page table. A child that opens files itself gets a copy, since open(2) may take as long as it likes. The
/// child has its own process group unless it is a part of a job that leads none, dies with this process
/// (PR_SET_PDEATHSIG, prctl(2)), and ignores TTOU and what is to stay ignored (`stay_ignored`); it has the
/// default handling of all other signals. It has a pipe as standard error, the limit of open files that this
/// process was given, and nothing as standard input where this process has a terminal there. Throws
/// SystemError.
Launched launch(const LaunchSpec& spec);

/// The environment that the child gets: "NAME=VALUE" each.
std::vector<std::string> environment_of(const LaunchSpec& spec);

/// What a child whose end is known has said through Launched::failure; nothing when it ran its command.
std::optional<StartFailure> start_failure_of(const io::Fd& failure);

/// Throws Error "cannot execute" with status 126 or 127 when such a child, without redirections, did not run
/// its command, whose name is `word`.
void require_start(const io::Fd& failure, const std::string& word);

/// What may be the matter with the command, from "; " on; empty when nothing is known.
std::string start_failure_hint(const std::string& word, int error_number);

/// What it counts as: 126 for a command that cannot be executed, 127 for one that is not there (POSIX,
/// Shell Command Language 2.8.2), 1 for a redirection.
Outcome start_failure_outcome(const StartFailure& failure);

}  // namespace mrf::process
