// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "io/fd.h"
#include "io/meter.h"

namespace mrf::io {

/// The display name of standard input and output in messages.
inline constexpr std::string_view stdin_name = "standard input";
inline constexpr std::string_view stdout_name = "standard output";

/// One read(2), EINTR repeated. Returns the bytes read, 0 at the end. Throws SystemError "cannot read".
std::size_t read_some(FdRef fd, const std::string& name, std::span<char> to, Meter& meter);

/// read_some() until `to` is full or the input ends.
std::size_t read_full(FdRef fd, const std::string& name, std::span<char> to, Meter& meter);

/// Writes all of `from` to a blocking descriptor, EINTR and short writes repeated. Throws ClosedOutput
/// when the reader is gone (SIGPIPE is ignored by every program), else SystemError "cannot write".
void write_all(FdRef fd, const std::string& name, std::string_view from, Meter& meter);

}  // namespace mrf::io
