// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace mrf::http {

/// Whether `list`, the value of no_proxy, names the host of a URL: by "*", by its name or a domain that it is
/// in, by its address, or by a network that its address is in (ADDRESS/BITS). As libcurl compares, whose
/// versions before 7.86 do not know networks. A name is not looked up.
bool is_without_proxy(std::string_view host, std::string_view list, bool knows_networks);

}  // namespace mrf::http
