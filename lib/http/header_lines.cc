// SPDX-License-Identifier: MIT
#include "http/header_lines.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "http/response_head.h"
#include "io/reader.h"

namespace mrf::http {

namespace {

constexpr std::array<std::string_view, 9> not_the_users{"Range",      "If-Match",       "If-Range",
                                                        "Host",       "Content-Length", "Transfer-Encoding",
                                                        "Connection", "Expect",         "If-None-Match"};

}  // namespace

std::string_view header_name(std::string_view line) { return trimmed(line.substr(0, line.find(':'))); }

bool is_plain_value(std::string_view value) {
  return trimmed(value) == value && std::none_of(value.begin(), value.end(), [](char c) {
           return (c >= '\0' && c < ' ' && c != '\t') || c == '\x7f';
         });
}

bool is_named(std::string_view line, std::string_view name) { return equal_names(header_name(line), name); }

bool has_header(const std::vector<std::string>& lines, std::string_view name) {
  return std::any_of(lines.begin(), lines.end(), [&](const auto& line) { return is_named(line, name); });
}

void check_user_headers(const std::vector<std::string>& lines) {
  for (const auto& line : lines) {
    const std::string name(header_name(line));
    if (line.find(':') == std::string::npos || name.empty() || name.find_first_of(" \t") != std::string::npos)
      throw base::UsageError("use header", "...", "not of the form 'Name: value'");
    if (line.find_first_of("\r\n") != std::string::npos)
      throw base::UsageError("use header", name, "it has more than one line");
    if (!is_plain_value(trimmed(line)))
      throw base::UsageError("use header", name, "it has a control character");
    if (std::any_of(not_the_users.begin(), not_the_users.end(),
                    [&](auto other) { return equal_names(name, other); }))
      throw base::UsageError("use header", name, "the program sets it itself");
  }
}

std::vector<std::string> with_header_files(const std::vector<std::string>& lines) {
  std::vector<std::string> all;
  for (const auto& given : lines) {
    if (!given.starts_with('@')) {
      all.push_back(given);
      continue;
    }
    const std::string text = io::read_whole(given.substr(1));
    for (std::size_t at = 0; at < text.size();) {
      const auto end = std::min(text.find('\n', at), text.size());
      const std::string_view line = trimmed(std::string_view(text).substr(at, end - at));
      if (!line.empty()) all.emplace_back(line);
      at = end + 1;
    }
  }
  return all;
}

}  // namespace mrf::http
