// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "http/url.h"

namespace mrf::store {

/// The place of a service from a setting: an http or https URL without a name and a password. Nothing when
/// `text` is none.
std::optional<http::Url> parse_endpoint(const std::string& text);

/// Why `text`, which is none, is none: a reason for a message.
const char* endpoint_fault(const std::string& text);

}  // namespace mrf::store
