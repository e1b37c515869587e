// SPDX-License-Identifier: MIT
#include "base/status_list.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <system_error>

namespace mrf::base {

namespace {

std::set<int> parse_statuses_from(int least, std::string_view list) {
  std::set<int> statuses;
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t end = std::min(list.find(',', at), list.size());
    int status = -1;
    const auto [stop, error] = std::from_chars(list.data() + at, list.data() + end, status);
    if (error != std::errc() || stop != list.data() + end || status < least || status > 255)
      throw std::invalid_argument("not a list of exit statuses");
    statuses.insert(status);
    at = end + 1;
  }
  return statuses;
}

}  // namespace

std::set<int> parse_statuses(std::string_view list) {
  std::set<int> statuses = parse_statuses_from(0, list);
  statuses.insert(0);
  return statuses;
}

std::set<int> parse_failure_statuses(std::string_view list) { return parse_statuses_from(1, list); }

}  // namespace mrf::base
