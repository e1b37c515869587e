// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

namespace mrf {

/// Makes this process the parent of every descendant whose own parent ends (PR_SET_CHILD_SUBREAPER,
/// prctl(2)).
void adopt_orphans();

/// Kills and reaps every child of this process, and theirs as they are adopted, until none is left.
/// Needs /proc.
void kill_descendants() noexcept;

/// True while the process is on its way out: it closes its descriptors, but cannot be waited for yet
/// (PF_EXITING in proc(5)'s flags).
bool is_exiting(pid_t pid) noexcept;

}  // namespace mrf
