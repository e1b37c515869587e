// SPDX-License-Identifier: MIT
#include "fetch/list_url.h"

#include <algorithm>
#include <string_view>

#include "base/error.h"
#include "base/percent_encoding.h"
#include "base/redact.h"

namespace mrf::fetch {

http::Url url_below(const std::string& base, const std::string& name) {
  if (name.starts_with('/'))
    throw base::UsageError("use name", name, "it is absolute, not below the base URL");
  for (std::size_t begin = 0; begin <= name.size();) {
    const auto end = std::min(name.find('/', begin), name.size());
    if (std::string_view(name).substr(begin, end - begin) == "..")
      throw base::UsageError("use name", name, "\"..\" in it leaves the base URL");
    begin = end + 1;
  }
  const auto path_end =
      base::is_store_key(base) ? base.size() : std::min(base.find_first_of("?#"), base.size());
  std::string path = base.substr(0, path_end);
  if (!path.ends_with('/')) path += '/';
  path += base::is_store_key(base) ? name : base::percent_encoded_path(name);
  const auto query_end = std::min(base.find('#', path_end), base.size());
  return http::Url::parse(path + base.substr(path_end, query_end - path_end));
}

http::Url url_of_host_and_path(const std::string& text) {
  if (text.find("://") != std::string::npos) return http::Url::parse(text);
  const auto slash = text.find('/');
  if (slash == 0 || slash == std::string::npos)
    throw base::UsageError("use name", text, "it is neither a URL nor a host and a path");
  return http::Url::parse("https://" + text.substr(0, slash) +
                          base::percent_encoded_path(text.substr(slash)));
}

std::string directory_of_url(const std::string& url) {
  const auto end = std::min(url.find_first_of("?#"), url.size());
  const auto authority = url.find("://");
  const auto path = url.find('/', authority == std::string::npos ? 0 : authority + 3);
  if (path >= end) return url.substr(0, end) + "/";
  return url.substr(0, url.rfind('/', end - 1) + 1);
}

}  // namespace mrf::fetch
