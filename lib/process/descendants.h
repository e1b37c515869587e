// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <vector>

namespace mrf::process {

/// Makes this process the parent of every descendant whose own parent ends (PR_SET_CHILD_SUBREAPER,
/// prctl(2)).
void adopt_orphans();

/// Kills and reaps every child of this process, and theirs as they are adopted, until none is left but those
/// that cannot be ended: this user may not kill them, or they are still there ten seconds after KILL. Returns
/// these. Needs /proc.
std::vector<pid_t> kill_descendants() noexcept;

}  // namespace mrf::process
