// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "report/flow.h"

namespace mrf::report {

/// The run as a table for people, with the copies of a job in one line, and advice() at its end. Lines have
/// at most 80 columns, unless a name or a number is too long for its column.
std::string table(const Flow& flow);

}  // namespace mrf::report
