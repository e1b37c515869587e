// SPDX-License-Identifier: MIT
#pragma once

namespace mrf::base {

/// Lets malloc(3) of glibc use buffers of up to 8 MiB again that were freed, and keep up to 8 MiB that are
/// free: for programs that work with buffers of megabytes. By default such buffers are given back to the
/// kernel, which clears each page of the next one. To be called before threads are started.
void keep_freed_memory() noexcept;

}  // namespace mrf::base
