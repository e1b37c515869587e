// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "report/flow.h"

namespace mrf::report {

/// Text as character data or the value of an attribute in HTML and XML: no markup is left in it, and nothing
/// that XML forbids.
std::string markup_text(std::string_view text);

/// The flow as an SVG image, from the top to the bottom: jobs as boxes in the colour of their share of time,
/// inputs and results as notes, FIFOs as lines. Of more than 200 jobs it is an image that says so.
std::string flow_svg(const Flow& flow);

/// How fast the input was read, over time, as an SVG image: records a second where they are known, else
/// bytes. Empty when there are fewer than two points.
std::string throughput_svg(const Flow& flow);

}  // namespace mrf::report
