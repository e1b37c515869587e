// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>

#include "workflow/stream_kind.h"

namespace mrf::run {

/// Which inputs are looked at: a pipe's first bytes are waited for.
enum class ProbeOf { files, files_and_pipes };

/// What the first bytes of an input show, without taking a byte from it: a regular file is read
/// beside the job that will read it, a pipe is copied with tee(2), a socket peeked at. `path` is as behind
/// mrf-run's -i. Content::unknown for a URL, a FIFO with a name (opening it would count as its one reader), a
/// terminal or other device, and what cannot be opened, which the job that reads it will tell.
/// Throws UsageError for standard output and standard error by name, and SystemError for a descriptor that is
/// not open for reading.
/// Of FASTQ in a pipe so many first `reads` are waited for, unless it ends before.
workflow::InputStart probe_input(const std::string& path, ProbeOf of, std::size_t reads = 0);

/// Whether standard input is something that a filter reads: open, and no terminal.
bool has_standard_input();

}  // namespace mrf::run
