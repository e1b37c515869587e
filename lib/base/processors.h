// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>

namespace mrf::base {

/// How many processors this process may use, at least 1: those of its affinity, but no more than the quotas
/// of its control groups leave and, inside a Slurm job, no more than SLURM_CPUS_PER_TASK.
int usable_processors();

/// The quota of the control groups in which a process is, in processors, rounded up; 0 when there is none
/// (cgroups(7): cpu.max of version 2 and cpu.cfs_quota_us of version 1, of each group up to the root).
/// `root` is where /proc/self/cgroup and /sys/fs/cgroup are found: "/" for this process.
int processors_of_quota(const std::filesystem::path& root);

/// What SLURM_CPUS_PER_TASK allows, when SLURM_JOB_ID says that there is a job; 0 when nothing is said.
/// Either is null when it is not set.
int processors_of_slurm(const char* job_id, const char* cpus_per_task);

/// How many of `wanted` threads are worth starting: at most four for each processor, or 64 when that is more.
unsigned usable_threads(unsigned wanted);

}  // namespace mrf::base
