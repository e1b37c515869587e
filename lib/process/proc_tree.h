// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "io/paths.h"

namespace mrf::process {

/// The directories of the threads of a process in /proc (proc(5)), none if it is gone.
std::vector<std::string> threads_of(pid_t pid);

/// A process and its descendants, as /proc shows them.
std::vector<pid_t> process_tree(pid_t root);

/// User and system seconds of a process so far, 0 if it is gone.
double processor_seconds(pid_t pid);

/// The children of a process that its main thread started or adopted.
std::vector<pid_t> children_of(pid_t pid);

/// The threads of a process and its descendants, 0 if it is gone.
std::size_t thread_count(pid_t root);

/// What all processors of the machine did since it started, in seconds of one processor (/proc/stat,
/// proc(5)).
struct MachineTime {
  double idle_s = 0;
  double all_s = 0;  ///< 0: cannot be told
};
MachineTime machine_time();

/// What a process has read and written by read(2) and write(2) and their like, whichever is more; 0 if
/// that cannot be told.
std::uint64_t bytes_moved(pid_t pid);

/// Whether `is_it` is true of a file that the process has open. The mode is O_RDONLY, O_WRONLY or O_RDWR, or
/// another number when it cannot be told.
bool any_open_file(pid_t pid, const std::function<bool(const io::FileId& file, unsigned mode)>& is_it);

/// Whether the process or one of its descendants has the file open for writing, or else for reading.
bool has_open(pid_t root, io::FileId file, bool for_writing);

/// The name of a process (proc(5), comm), "" if it is gone.
std::string process_name(pid_t pid);

/// A regular file with a name that a process has open for reading.
struct OpenInput {
  io::FileId file;
  std::uint64_t size = 0;
  std::uint64_t position = 0;
};
std::vector<OpenInput> open_inputs(pid_t pid);

/// The paths of the regular files with a name that a process has open for writing.
std::vector<std::string> written_files(pid_t pid);

/// Makes this process the parent of every descendant whose own parent ends (PR_SET_CHILD_SUBREAPER,
/// prctl(2)).
void adopt_orphans();

/// The children of this process that its main thread started or adopted. Needs /proc.
std::vector<pid_t> children_of_process();

/// Kills and reaps every child of this process but `spared`, and theirs as they are adopted, until none is
/// left but those that cannot be ended: this user may not kill them, or they are still there ten seconds
/// after KILL. Returns these, and `spared`. Needs /proc.
std::vector<pid_t> kill_descendants(std::vector<pid_t> spared = {}) noexcept;

}  // namespace mrf::process
