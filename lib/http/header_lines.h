// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mrf::http {

/// The name in a line "Name: value", without blanks around it.
std::string_view header_name(std::string_view line);
/// Whether a header may have the value as it is: it has no control character (RFC 9110, 5.5), and no blank
/// around it.
bool is_plain_value(std::string_view value);
/// Whether a line is that of a header, whose name is compared without regard to case.
bool is_named(std::string_view line, std::string_view name);
/// Whether one of the lines is.
bool has_header(const std::vector<std::string>& lines, std::string_view name);

/// Checks the user's "Name: value" lines. Throws UsageError for one that is none, and for names that
/// the program must set itself (Range, If-Match, If-Range, Host and framing); a value is never shown.
void check_user_headers(const std::vector<std::string>& lines);

/// The lines with "@FILE" replaced by the lines of FILE, without empty ones: a secret there is on no command
/// line. Throws SystemError.
std::vector<std::string> with_header_files(const std::vector<std::string>& lines);

}  // namespace mrf::http
