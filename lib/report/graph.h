// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "report/flow.h"

namespace mrf::report {

/// "#rrggbb" for a share of time, 0 to 1: from white over yellow to red.
std::string heat_color(double share);

/// A flow in Graphviz's language (dot(1)): jobs as boxes with their commands, FIFOs as arrows, inputs and
/// results as notes; copies are one box with their number. After a run jobs have the colour of their share of
/// time, and arrows what went through.
std::string dot_text(const Flow& flow);

/// "1.2M records, 3.4 MiB"; empty when neither is known.
std::string flow_text(const FlowFifo& fifo);

}  // namespace mrf::report
