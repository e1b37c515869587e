// SPDX-License-Identifier: MIT
#include "http/xml_element.h"

#include <fmt/format.h>

#include <utility>

#include "http/response_head.h"

namespace mrf::http {

namespace {

std::string unescaped(std::string text) {
  constexpr std::pair<std::string_view, char> entities[] = {
      {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}, {"&amp;", '&'}};
  for (const auto& [entity, character] : entities) {
    for (auto at = text.find(entity); at != std::string::npos; at = text.find(entity, at + 1))
      text.replace(at, entity.size(), 1, character);
  }
  return text;
}

}  // namespace

std::string xml_element(std::string_view xml, std::string_view name) {
  const std::string open = fmt::format("<{}>", name);
  const auto begin = xml.find(open);
  if (begin == std::string_view::npos) return "";
  xml.remove_prefix(begin + open.size());
  const auto end = xml.find(fmt::format("</{}>", name));
  return end == std::string_view::npos ? "" : unescaped(std::string(trimmed(xml.substr(0, end))));
}

}  // namespace mrf::http
