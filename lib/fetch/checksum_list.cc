// SPDX-License-Identifier: MIT
#include "fetch/checksum_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/lower_case.h"
#include "io/paths.h"

namespace mrf::fetch {

namespace {

using Kind = Expectation::Kind;

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

ChecksumLine faulty(std::string fault) { return {std::nullopt, "", std::move(fault)}; }

// The name behind a leading backslash (md5sum(1): a line with a problematic name). Nothing when an escape is
// none that is written.
std::optional<std::string> unescaped(std::string_view text) {
  std::string name;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      name += text[i];
      continue;
    }
    if (++i == text.size()) return std::nullopt;
    switch (text[i]) {
      case '\\':
        name += '\\';
        break;
      case 'n':
        name += '\n';
        break;
      case 'r':
        name += '\r';
        break;
      default:
        return std::nullopt;
    }
  }
  return name;
}

ChecksumLine with_name(std::optional<Expectation> expectation, std::string_view text, bool is_escaped) {
  const auto name = is_escaped ? unescaped(text) : std::string(text);
  if (!name) return faulty(fmt::format("has a name with an escape other than \\\\, \\n and \\r: '{}'", text));
  if (name->empty()) return faulty("has a checksum without a name");
  return {std::move(expectation), *name, ""};
}

const char* source_of(Kind kind) {
  switch (kind) {
    case Kind::sha1:
      return "sha1";
    case Kind::sha256:
      return "sha256";
    case Kind::sha512:
      return "sha512";
    default:
      return "md5";
  }
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view without_blanks_before(std::string_view text) {
  text.remove_prefix(
      static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_blank) - text.begin()));
  return text;
}

// TAG (NAME) = VALUE. The name may hold anything, so the last parenthesis ends it.
std::optional<ChecksumLine> read_tagged(std::string_view line, bool is_escaped) {
  const auto open = line.find('(');
  const auto close = line.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return std::nullopt;
  std::string_view tag = line.substr(0, open);
  if (tag.ends_with(' ')) tag.remove_suffix(1);
  std::string_view value = without_blanks_before(line.substr(close + 1));
  if (tag.empty() || tag.find_first_of(" \t:/") != std::string_view::npos || !value.starts_with('='))
    return std::nullopt;
  value = without_blanks_before(value.substr(1));
  constexpr std::pair<std::string_view, Kind> tags[] = {
      {"MD5", Kind::md5},       {"SHA1", Kind::sha1},       {"SHA256", Kind::sha256},
      {"SHA512", Kind::sha512}, {"SHA2-256", Kind::sha256}, {"SHA2-512", Kind::sha512}};
  const auto* known = std::find_if(std::begin(tags), std::end(tags), [&](const auto& one) {
    return base::lower_case(one.first) == base::lower_case(tag);
  });
  if (known == std::end(tags))
    return faulty(
        fmt::format("has a checksum of kind '{}', which is none of MD5, SHA1, SHA256, SHA512", tag));
  auto expectation = expectation_by_length(value, source_of(known->second));
  if (!expectation || expectation->kind != known->second)
    return faulty(fmt::format("has '{}', which is no {}", value, tag));
  return with_name(std::move(expectation), line.substr(open + 1, close - open - 1), is_escaped);
}

// VALUE, a blank, a blank or an asterisk, NAME.
std::optional<ChecksumLine> read_plain(std::string_view line, bool is_escaped) {
  constexpr std::size_t fewest_digits = 16;
  const auto digits =
      static_cast<std::size_t>(std::find_if_not(line.begin(), line.end(), is_hex) - line.begin());
  if (digits < fewest_digits || (digits < line.size() && line[digits] != ' ' && line[digits] != '\t'))
    return std::nullopt;
  auto expectation = expectation_by_length(line.substr(0, digits), "");
  if (!expectation)
    return faulty(
        fmt::format("has a checksum of {} digits; md5 has 32, sha1 40, sha256 64, sha512 128", digits));
  expectation->source = source_of(expectation->kind);
  std::string_view name = line.substr(std::min(digits + 1, line.size()));
  if (name.starts_with(' ') || name.starts_with('*')) name.remove_prefix(1);
  return with_name(std::move(expectation), name, is_escaped);
}

}  // namespace

ChecksumLine parse_checksum_line(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  line = without_blanks_before(line);
  const bool is_escaped = line.starts_with('\\');
  if (is_escaped) line.remove_prefix(1);
  if (auto plain = read_plain(line, is_escaped)) return std::move(*plain);
  if (auto tagged = read_tagged(line, is_escaped)) return std::move(*tagged);
  return {};
}

std::string checksum_line(std::string_view digest, const std::string& name) {
  std::string escaped;
  for (const char c : name) {
    switch (c) {
      case '\\':
        escaped += "\\\\";
        break;
      case '\n':
        escaped += "\\n";
        break;
      case '\r':
        escaped += "\\r";
        break;
      default:
        escaped += c;
    }
  }
  return fmt::format("{}{}  {}\n", escaped == name ? "" : "\\", to_hex(digest), escaped);
}

DigestKind kind_of_checksum_file(const std::string& path) {
  return base::lower_case(io::base_of(path)).find("md5") == std::string::npos ? DigestKind::sha256
                                                                              : DigestKind::md5;
}

}  // namespace mrf::fetch
