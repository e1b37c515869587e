// SPDX-License-Identifier: MIT
#include "http/response_head.h"

#include <strings.h>

#include <algorithm>
#include <charconv>

#include "base/error.h"

namespace mrf {

namespace {

constexpr std::pair<int, std::string_view> standard_reasons[] = {
    {400, "Bad Request"},         {401, "Unauthorized"},
    {403, "Forbidden"},           {404, "Not Found"},
    {408, "Request Timeout"},     {410, "Gone"},
    {412, "Precondition Failed"}, {416, "Range Not Satisfiable"},
    {429, "Too Many Requests"},   {500, "Internal Server Error"},
    {502, "Bad Gateway"},         {503, "Service Unavailable"},
    {504, "Gateway Timeout"}};

}  // namespace

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, number);
  if (text.empty() || text.size() > 19 || result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return number;
}

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

bool equal_names(std::string_view one, std::string_view other) {
  return one.size() == other.size() && ::strncasecmp(one.data(), other.data(), one.size()) == 0;
}

void ResponseHead::add_line(std::string_view line) {
  line = trimmed(line);
  if (line.starts_with("HTTP/")) {
    *this = {};
    shares_connection_ = !line.starts_with("HTTP/1");
    const auto code = line.find(' ');
    if (code == std::string_view::npos) return;
    line.remove_prefix(code + 1);
    status_ = static_cast<int>(parse_number(line.substr(0, 3)).value_or(0));
    if (line.size() > 4) reason_ = line.substr(4);
    return;
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return;
  fields_.emplace_back(line.substr(0, colon), trimmed(line.substr(colon + 1)));
}

std::string ResponseHead::reason() const {
  if (!reason_.empty()) return reason_;
  const auto* found = std::find_if(std::begin(standard_reasons), std::end(standard_reasons),
                                   [this](const auto& entry) { return entry.first == status_; });
  return std::string(found == std::end(standard_reasons) ? "no reason given" : found->second);
}

std::optional<std::string> ResponseHead::field(std::string_view name) const {
  for (const auto& [key, value] : fields_) {
    if (equal_names(key, name)) return value;
  }
  return std::nullopt;
}

std::vector<std::string> ResponseHead::fields(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [key, value] : fields_) {
    if (equal_names(key, name)) values.push_back(value);
  }
  return values;
}

std::optional<std::uint64_t> ResponseHead::content_length() const {
  std::optional<std::uint64_t> length;
  for (const auto& value : fields("Content-Length")) {
    const auto number = parse_number(value);
    if (!number || (length && *length != *number)) throw DataError("use field", "Content-Length", value);
    length = number;
  }
  return length;
}

std::optional<ContentRange> ResponseHead::content_range() const {
  const auto value = field("Content-Range");
  if (!value || value->size() < 6 || !equal_names(std::string_view(*value).substr(0, 6), "bytes ")) {
    return std::nullopt;
  }
  const auto text = trimmed(std::string_view(*value).substr(6));
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto range = text.substr(0, slash);
  const auto total = text.substr(slash + 1);
  ContentRange parsed;
  parsed.total = parse_number(total);
  if (!parsed.total && total != "*") return std::nullopt;
  if (range == "*") return parsed;
  const auto dash = range.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto first = parse_number(range.substr(0, dash));
  const auto last = parse_number(range.substr(dash + 1));
  if (!first || !last || *first > *last || (parsed.total && *last >= *parsed.total)) return std::nullopt;
  parsed.satisfied = true;
  parsed.first = *first;
  parsed.last = *last;
  return parsed;
}

std::optional<std::string> ResponseHead::strong_etag() const {
  auto tag = field("ETag");
  if (!tag || tag->empty() || tag->starts_with("W/") || tag->starts_with("w/")) return std::nullopt;
  return tag;
}

}  // namespace mrf
