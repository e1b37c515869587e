// SPDX-License-Identifier: MIT
#pragma once

#include <signal.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <array>
#include <cstddef>

namespace mrf::process {

/// The signals that a process which was told to ignore them goes on ignoring, and its children, as nohup(1)
/// and the background jobs of a shell want it (POSIX, Shell Command Language 2.11). All others have their
/// default handling in a child.
inline constexpr std::array stay_ignored{SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGTSTP};

/// Whether this process ignores the signal. Async-signal-safe.
bool is_ignored(int number) noexcept;

/// What a child says through the pipe of launch() when it cannot execute its command.
struct StartFailure {
  int error_number = 0;
  int redirection = -1;  ///< which one could not be opened, -1: the command could not be executed
};

/// What a child needs between its creation and execve(2), all of it made before by its parent.
struct Child {
  struct Redirection {
    int number;  ///< for StartFailure
    int fd;
    int flags;
    const char* path;
  };
  /// A descriptor of the parent that becomes a descriptor of the child's.
  struct Passed {
    int fd;
    int from;
  };

  char* const* words;  ///< these three end with a null pointer
  char* const* environment;
  const char* const* programs;  ///< where the command may be, in order
  const Redirection* redirections;
  std::size_t redirection_count;
  const Passed* passed;
  std::size_t passed_count;
  int failure;         ///< the pipe for a StartFailure
  int standard_error;  ///< -1: the parent's
  pid_t parent;
  bool has_own_group;
  bool has_terminal;         ///< as standard input, which is /dev/null for the child then
  const rlimit* open_files;  ///< null: the parent's
};

/// Becomes the command of `child`, a Child; what launch() says of its child is done here. It does not return,
/// and calls nothing but what is async-signal-safe (signal-safety(7)): it runs in the memory of a process
/// whose other threads have stopped anywhere, or in that of its parent itself. tests/cli/house.bats checks
/// what this file's object calls.
int run_child(void* child) noexcept;

}  // namespace mrf::process
