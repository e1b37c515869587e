// SPDX-License-Identifier: MIT
#include "http/server_reason.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/redact.h"
#include "http/xml_element.h"

namespace mrf::http {

namespace {

constexpr std::size_t longest_reason = 300;

// {"message": ...}, {"msg": ...} of DRS, {"error": {"message": ...}} of Google.
std::string json_reason(std::string_view body) {
  const auto object = nlohmann::json::parse(body, nullptr, false);
  if (!object.is_object()) return "";
  const auto error = object.find("error");
  const auto& holder = error != object.end() && error->is_object() ? *error : object;
  for (const char* name : {"message", "msg"}) {
    const auto place = holder.find(name);
    if (place != holder.end() && place->is_string()) return std::string(trimmed(place->get<std::string>()));
  }
  return "";
}

std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    if (!control) {
      line += c;
    } else if (!line.ends_with(' ')) {
      line += ' ';
    }
  }
  return line;
}

}  // namespace

std::string server_reason(const ResponseHead& head, std::string_view body) {
  std::string reason = xml_element(body, "Message");
  if (reason.empty() && trimmed(body).starts_with('{')) reason = json_reason(body);
  if (reason.empty()) reason = head.reason();
  while (reason.ends_with('.')) reason.pop_back();
  reason = one_line(base::redact_answer(reason)).substr(0, longest_reason);
  return fmt::format("{} (HTTP {})", reason, head.status());
}

}  // namespace mrf::http
