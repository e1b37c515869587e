// SPDX-License-Identifier: MIT
#include "base/status_list.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <system_error>

namespace mrf::base {

std::set<int> parse_statuses(std::string_view list) {
  std::set<int> statuses{0};
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t end = std::min(list.find(',', at), list.size());
    int status = -1;
    const auto [stop, error] = std::from_chars(list.data() + at, list.data() + end, status);
    if (error != std::errc() || stop != list.data() + end || status < 0 || status > 255)
      throw std::invalid_argument("not a list of exit statuses");
    statuses.insert(status);
    at = end + 1;
  }
  return statuses;
}

}  // namespace mrf::base
