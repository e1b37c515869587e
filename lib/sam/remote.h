// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "sam/hts.h"

namespace mrf::sam {

/// True for http:// and https:// URLs.
bool is_url(std::string_view path);

/// What messages and @PG lines may say of a path: of a URL neither its query, which may be signed, nor its
/// user and password.
std::string shown_path(std::string_view path);

/// Throws what a failed read of a URL means, taken from errno: status 4 when the server refused, else 5.
[[noreturn]] void throw_remote_error(std::string_view verb, const std::string& name);

}  // namespace mrf::sam
