// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "report/flow.h"

namespace mrf::report {

/// One sentence on what limits the run and which option would make it faster, by how much at most: "writing
/// limits: -l 1 would be about 3 times as fast". It follows from the times of the jobs alone. Empty when
/// nothing can be said: the run failed, was shorter than a second, or has no bottleneck.
std::string advice(const Flow& flow);

}  // namespace mrf::report
