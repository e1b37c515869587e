// SPDX-License-Identifier: MIT
#pragma once

#include <functional>

namespace mrf {

/// Runs `supervise` in a child process and waits for it: whichever of the two is killed, the other
/// one ends every descendant and cleans up. The child has a process group of its own, so that no KILL to a
/// group reaches both; TSTP stops it with its descendants, until CONT. INT, QUIT, TERM and HUP are passed on
/// to the child; this process being killed reaches it as TERM. Returns the child's exit status; when the
/// child was killed, calls `clean_up` and returns 128+N; when the child ended itself by one of these, so does
/// this process. Throws SystemError when it cannot fork; then `clean_up` has been called.
int run_guarded(const std::function<int()>& supervise, const std::function<void()>& clean_up);

}  // namespace mrf
