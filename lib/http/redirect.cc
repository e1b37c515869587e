// SPDX-License-Identifier: MIT
#include "http/redirect.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "io/reader.h"

namespace mrf::http {

namespace {

constexpr std::array<std::string_view, 6> goes_everywhere{"Accept", "Accept-Language", "User-Agent",
                                                          "Range",  "If-Match",        "Accept-Encoding"};
constexpr std::array<std::string_view, 9> not_the_users{"Range",      "If-Match",       "If-Range",
                                                        "Host",       "Content-Length", "Transfer-Encoding",
                                                        "Connection", "Expect",         "If-None-Match"};

template <typename List>
bool contains(const List& list, std::string_view name) {
  return std::any_of(list.begin(), list.end(), [&](auto entry) { return equal_names(entry, name); });
}

std::string_view name_of(std::string_view line) { return trimmed(line.substr(0, line.find(':'))); }

}  // namespace

void check_user_headers(const std::vector<std::string>& headers) {
  for (const auto& line : headers) {
    const std::string name(name_of(line));
    if (line.find(':') == std::string::npos || name.empty() || name.find_first_of(" \t") != std::string::npos)
      throw base::UsageError("use header", "...", "not of the form 'Name: value'");
    if (line.find_first_of("\r\n") != std::string::npos)
      throw base::UsageError("use header", name, "it has more than one line");
    if (contains(not_the_users, name))
      throw base::UsageError("use header", name, "the program sets it itself");
  }
}

std::vector<std::string> with_header_files(const std::vector<std::string>& headers) {
  std::vector<std::string> lines;
  for (const auto& header : headers) {
    if (!header.starts_with('@')) {
      lines.push_back(header);
      continue;
    }
    const std::string text = io::read_whole(header.substr(1));
    for (std::size_t at = 0; at < text.size();) {
      const auto end = std::min(text.find('\n', at), text.size());
      const std::string_view line = trimmed(std::string_view(text).substr(at, end - at));
      if (!line.empty()) lines.emplace_back(line);
      at = end + 1;
    }
  }
  return lines;
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

Request sent_elsewhere(const Request& from, const Url& to) {
  Request request = from;
  request.url = to;
  request.is_trusted = false;
  request.signature.reset();
  std::erase_if(request.headers, [](const auto& line) { return !contains(goes_everywhere, name_of(line)); });
  return request;
}

Request follow_redirect(const Request& from, const ResponseHead& head) {
  const auto location = head.field("Location");
  if (!location || location->empty())
    throw base::Error(base::Status::refused, "fetch", from.url.shown(),
                      "the server redirects without saying where to");
  Request to = from;
  to.url = from.url.resolve(*location);
  if (from.url.is_https() && !to.url.is_https())
    throw base::Error(base::Status::refused, "follow redirection to", to.url.shown(),
                      "it leads from https to http");
  if (from.url.trusts(to.url)) {
    to.url.adopt_credentials(from.url);
    return to;
  }
  return sent_elsewhere(to, to.url);
}

}  // namespace mrf::http
