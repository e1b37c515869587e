// SPDX-License-Identifier: MIT
#include "http/no_proxy.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>

#include "http/response_head.h"

namespace mrf::http {

namespace {

struct Address {
  int family = AF_UNSPEC;
  std::array<unsigned char, sizeof(in6_addr)> bytes{};

  unsigned bits() const { return family == AF_INET ? 32 : 128; }
};

std::string_view without_brackets(std::string_view text) {
  return text.starts_with('[') && text.ends_with(']') ? text.substr(1, text.size() - 2) : text;
}

std::optional<Address> parse_address(std::string_view text) {
  const std::string name(without_brackets(text));
  for (const int family : {AF_INET, AF_INET6}) {
    Address address{.family = family};
    if (::inet_pton(family, name.c_str(), address.bytes.data()) == 1) return address;
  }
  return std::nullopt;
}

// A network of no bits is the one address, as libcurl has it.
bool is_in_network(const Address& host, std::string_view network) {
  const auto slash = network.find('/');
  const auto address = parse_address(network.substr(0, slash));
  const auto number = parse_number(network.substr(slash + 1));
  if (!address || address->family != host.family || !number || *number > host.bits()) return false;
  const auto bits = static_cast<unsigned>(*number == 0 ? host.bits() : *number);
  const auto whole = static_cast<std::ptrdiff_t>(bits / 8);
  if (!std::equal(host.bytes.begin(), host.bytes.begin() + whole, address->bytes.begin())) return false;
  if (bits % 8 == 0) return true;
  const auto last = static_cast<std::size_t>(whole);
  return (host.bytes.at(last) ^ address->bytes.at(last)) >> (8 - bits % 8) == 0;
}

bool is_in_domain(std::string_view host, std::string_view name) {
  while (name.starts_with('.')) name.remove_prefix(1);
  if (name.empty() || name.size() > host.size()) return false;
  const std::size_t before = host.size() - name.size();
  return equal_names(host.substr(before), name) && (before == 0 || host[before - 1] == '.');
}

}  // namespace

bool is_without_proxy(std::string_view host, std::string_view list, bool knows_networks) {
  const auto address = parse_address(host);
  while (!list.empty()) {
    const auto end = std::min(list.find_first_of(", "), list.size());
    const auto name = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    if (name == "*") return true;
    const bool is_named = !address ? is_in_domain(host, name)
                          : name.find('/') == std::string_view::npos
                              ? equal_names(without_brackets(host), without_brackets(name))
                              : knows_networks && is_in_network(*address, name);
    if (is_named) return true;
  }
  return false;
}

}  // namespace mrf::http
