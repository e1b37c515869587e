// SPDX-License-Identifier: MIT
#include "http/response_head.h"

#include <fmt/format.h>
#include <strings.h>

#include <algorithm>
#include <charconv>
#include <limits>

namespace mrf::http {

namespace {

constexpr std::pair<int, std::string_view> standard_reasons[] = {
    {400, "Bad Request"},         {401, "Unauthorized"},
    {403, "Forbidden"},           {404, "Not Found"},
    {408, "Request Timeout"},     {410, "Gone"},
    {412, "Precondition Failed"}, {416, "Range Not Satisfiable"},
    {429, "Too Many Requests"},   {500, "Internal Server Error"},
    {502, "Bad Gateway"},         {503, "Service Unavailable"},
    {504, "Gateway Timeout"}};

constexpr std::uint64_t largest_size = std::numeric_limits<std::int64_t>::max();

}  // namespace

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, number);
  if (text.empty() || result.ec != std::errc() || result.ptr != end || number > largest_size)
    return std::nullopt;
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
  bytes_ += line.size();
  if (is_too_long()) return;
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

void ResponseHead::remove_fields(std::string_view name) {
  std::erase_if(fields_, [name](const auto& field) { return equal_names(field.first, name); });
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
  const auto value = field("Content-Length");
  if (!value || !length_fault().empty()) return std::nullopt;
  return parse_number(trimmed(std::string_view(*value).substr(0, value->find(','))));
}

// A proxy may have joined several equal fields to one with commas.
std::string ResponseHead::length_fault() const {
  std::optional<std::uint64_t> length;
  for (const auto& value : fields("Content-Length")) {
    std::string_view rest = value;
    for (std::size_t comma = 0; comma != std::string_view::npos;
         rest.remove_prefix(std::min(comma + 1, rest.size()))) {
      comma = rest.find(',');
      const auto number = parse_number(trimmed(rest.substr(0, comma)));
      if (!number) return fmt::format("the server sends 'Content-Length: {}', which is no size", value);
      if (length && *length != *number)
        return fmt::format("the server sends two lengths, {} and {}", *length, *number);
      length = number;
    }
  }
  return "";
}

bool ResponseHead::is_whole() const {
  if (status_ != 206) return status_ == 200;
  const auto range = content_range();
  if (!range || !range->satisfied || range->first != 0 || range->total != range->last + 1) return false;
  return content_length().value_or(range->last + 1) == range->last + 1;
}

bool ResponseHead::is_decoded() const {
  const auto stored = field("x-goog-stored-content-encoding").value_or("identity");
  return !equal_names(stored, "identity") &&
         !equal_names(stored, field("Content-Encoding").value_or("identity"));
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
  if (!tag || tag->empty() || *tag == "\"\"" || tag->starts_with("W/") || tag->starts_with("w/"))
    return std::nullopt;
  return tag;
}

std::optional<std::string> ResponseHead::weak_etag() const {
  auto tag = field("ETag");
  if (!tag || !(tag->starts_with("W/") || tag->starts_with("w/")) || tag->ends_with("/\"\"") ||
      tag->size() == 2)
    return std::nullopt;
  return tag;
}

}  // namespace mrf::http
