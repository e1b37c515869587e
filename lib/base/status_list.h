// SPDX-License-Identifier: MIT
#pragma once

#include <set>
#include <string_view>

namespace mrf::base {

/// The exit statuses of a list as "0,1": each from 0 to 255; 0 is among them in any case. Throws
/// std::invalid_argument for what is no such list.
std::set<int> parse_statuses(std::string_view list);

/// As parse_statuses(), of statuses of failure: each from 1 to 255.
std::set<int> parse_failure_statuses(std::string_view list);

}  // namespace mrf::base
