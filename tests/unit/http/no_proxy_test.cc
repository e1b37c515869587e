// SPDX-License-Identifier: MIT
#include "http/no_proxy.h"

#include <doctest/doctest.h>

TEST_CASE("no_proxy names hosts by their names, domains, addresses and networks") {
  struct Row {
    const char* host;
    const char* list;
    bool is_named;
  };
  const Row rows[] = {
      {"h.example", "*", true},
      {"h.example", "", false},
      {"h.example", "other, H.Example", true},
      {"h.example", ".example", true},
      {"h.example", "le", false},
      {"h.example", "10.0.0.0/8", false},
      {"h.example", "h.example/8", false},
      {"10.1.2.3", "10.0.0.0/8", true},
      {"11.1.2.3", "10.0.0.0/8,192.168.0.0/16", false},
      {"10.1.130.3", "10.1.128.0/17", true},
      {"10.1.127.3", "10.1.128.0/17", false},
      {"10.1.2.3", "10.1.2.3/32", true},
      {"10.1.2.3", "10.1.2.4/0", false},
      {"10.1.2.3", "10.0.0.0/33", false},
      {"10.1.2.3", "10.0.0.0/", false},
      {"10.1.2.3", "2.3", false},
      {"10.1.2.3", "10.1.2.3", true},
      {"10.1.2.3", "fd00::/8", false},
      {"[fd00::1]", "fd00::/8", true},
      {"[fe00::1]", "fd00::/8", false},
      {"[fd00::1]", "fd00::1", true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.host);
    CAPTURE(row.list);
    CHECK(mrf::http::is_without_proxy(row.host, row.list, true) == row.is_named);
  }
  CHECK_FALSE(mrf::http::is_without_proxy("10.1.2.3", "10.0.0.0/8", false));
}
