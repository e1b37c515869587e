// SPDX-License-Identifier: MIT
#pragma once

#include "io/fd.h"

namespace mrf::process {

/// True for INT, QUIT, TERM, HUP and USR1, by which Slurm warns of the end of a job.
bool ends_run(int signal);

/// Blocks CHLD, INT, QUIT, TERM, HUP, USR1 and TSTP for this process and its children until they exec
/// (launch() unblocks them). Those that are ignored (`stay_ignored`) stay so, and are not blocked.
void block_run_signals();

/// A non-blocking signalfd(2) for the same signals but CHLD. Throws SystemError.
io::Fd run_signal_fd();

/// One of the signals of ends_run() that is blocked and has come; it is taken. 0 when none has.
int pending_run_signal() noexcept;

/// Ends this process by the signal's default action; returns only if that fails.
void die_of(int signal) noexcept;

}  // namespace mrf::process
