// SPDX-License-Identifier: MIT
#pragma once

namespace mrf::base {

/// The exit statuses of every program; each man page has the same table under EXIT STATUS.
/// A process ended by signal N has status 128+N, as in sh(1).
enum class Status : int {
  success = 0,
  failure = 1,      ///< I/O, disk full, internal
  usage = 2,        ///< the command line or a workflow is wrong
  bad_data = 3,     ///< malformed, truncated, checksum mismatch, order or count cannot be kept
  refused = 4,      ///< the remote said no: not found, denied, expired (HTTP 4xx)
  unavailable = 5,  ///< the remote stayed unavailable after the retries
  not_executable = 126,
  not_found = 127,
};

inline constexpr int signal_status_base = 128;

}  // namespace mrf::base
