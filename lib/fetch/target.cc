// SPDX-License-Identifier: MIT
#include "fetch/target.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "base/error.h"
#include "base/redact.h"
#include "fetch/utf8.h"

namespace mrf::fetch {

namespace {

// NAME_MAX is 255; --resume writes another file with a longer name beside it.
constexpr std::size_t longest_name = 255;
constexpr std::size_t longest_servers_name = longest_name - std::string_view(".getm-part.json").size();

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// Takes one "; name=value" off the front of a parameter list (RFC 9110, 5.6.6).
bool next_parameter(std::string_view& rest, std::string& name, std::string& value) {
  const auto start = rest.find(';');
  if (start == std::string_view::npos) return false;
  rest = http::trimmed(rest.substr(start + 1));
  const auto equals = rest.find_first_of("=;");
  name = http::trimmed(rest.substr(0, equals));
  value.clear();
  if (equals == std::string_view::npos || rest[equals] == ';') return true;
  rest = http::trimmed(rest.substr(equals + 1));
  if (!rest.starts_with('"')) {
    value = http::trimmed(rest.substr(0, rest.find(';')));
    return true;
  }
  std::size_t i = 1;
  for (; i < rest.size() && rest[i] != '"'; ++i) {
    if (rest[i] == '\\' && i + 1 < rest.size() && (rest[i + 1] == '"' || rest[i + 1] == '\\')) ++i;
    value += rest[i];
  }
  rest.remove_prefix(std::min(i + 1, rest.size()));
  return true;
}

// charset'language'percent-encoded (RFC 8187, 3.2). Nothing when it is none, or in a charset other than the
// two that recipients have to know.
std::string decode_extended(const std::string& value) {
  const auto first = value.find('\'');
  const auto second = first == std::string::npos ? first : value.find('\'', first + 1);
  if (second == std::string::npos) return "";
  std::string text = base::percent_decoded(value.substr(second + 1));
  const auto charset = std::string_view(value).substr(0, first);
  if (http::equal_names(charset, "UTF-8")) return text;
  return http::equal_names(charset, "ISO-8859-1") ? utf8_of_latin1(text) : "";
}

std::optional<std::string> harmless(const std::string& text) {
  std::string name = text.substr(text.find_last_of("/\\") + 1);
  if (!is_file_name(name) || name.starts_with('.') || name.size() > longest_servers_name) return std::nullopt;
  if (!is_plain_utf8(name)) return std::nullopt;
  return name;
}

}  // namespace

std::optional<std::string> disposition_name(std::string_view field) {
  std::string name;
  std::string value;
  std::optional<std::string> plain;
  while (next_parameter(field, name, value)) {
    if (http::equal_names(name, "filename*")) {
      if (auto extended = harmless(decode_extended(value))) return extended;
    } else if (http::equal_names(name, "filename") && !plain) {
      // Bytes that are no UTF-8 are ISO-8859-1, as in all older header fields.
      plain = harmless(is_utf8(value) ? value : utf8_of_latin1(value));
    }
  }
  return plain;
}

bool is_file_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.size() <= longest_name &&
         std::none_of(name.begin(), name.end(), [](char c) { return c == '/' || is_control(c); });
}

std::string in_directory(const std::string& directory, const std::string& name) {
  if (directory.empty()) return name == "-" ? "./-" : name;
  return directory.ends_with('/') ? directory + name : directory + "/" + name;
}

Target choose_target(const std::string& path, const http::Url& url, const http::ResponseHead& head) {
  namespace fs = std::filesystem;
  std::error_code error;
  const bool directory = path.empty() || path.ends_with('/') || fs::is_directory(path, error);
  if (!directory || path == "-") return {path, false};
  const auto said = disposition_name(head.field("Content-Disposition").value_or(""));
  std::string name = said.value_or(url.last_component());
  if (!is_file_name(name)) {
    throw base::UsageError("name the file of", url.shown(), "the URL does not end in a file name, give PATH");
  }
  const bool is_servers_choice = name != url.last_component();
  return {in_directory(path, name), is_servers_choice};
}

}  // namespace mrf::fetch
