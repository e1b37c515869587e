// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "fetch/ordered_output.h"
#include "fetch/worker.h"

namespace {

// The test answers the requests itself.
class ManualNetwork final : public mrf::http::Network {
 public:
  void start(const mrf::http::Request&, mrf::http::Receiver& receiver) override {
    receivers.push_back(&receiver);
  }
  int poll(std::chrono::milliseconds) override { return 1; }
  bool has_waited() const override { return waited; }

  std::vector<mrf::http::Receiver*> receivers;
  bool waited = false;
};

mrf::http::ResponseHead head_with(const std::vector<std::string>& lines) {
  mrf::http::ResponseHead head;
  for (const auto& line : lines) head.add_line(line);
  return head;
}

}  // namespace

TEST_CASE("what a pipe cannot take yet is left to the network while what it can take keeps coming") {
  ManualNetwork network;
  std::string got;
  mrf::fetch::Checks checks({});
  mrf::fetch::OrderedOutput output([&](std::string_view bytes) { got += bytes; }, "x", 2 << 20, checks, "x");
  mrf::fetch::PartPool pool(output, {4, 4, 64, 2}, "x");
  const auto url = mrf::http::Url::parse("http://h/x");
  const mrf::fetch::FetchOptions options;
  mrf::fetch::Worker worker(network, mrf::http::system_clock(), pool, url, options);
  worker.add_slots(2);
  CHECK(worker.step(output));
  REQUIRE(network.receivers.size() == 1);
  auto& first = *network.receivers[0];
  CHECK(first.on_head(head_with({"HTTP/1.1 200 OK", "ETag: \"a\"", "Content-Length: 8"})));
  CHECK(first.on_body("01"));
  CHECK(worker.step(output));
  REQUIRE(network.receivers.size() == 2);
  auto& second = *network.receivers[1];
  CHECK(second.on_head(head_with({"HTTP/1.1 206 P", "ETag: \"a\"", "Content-Range: bytes 4-7/8"})));
  CHECK_FALSE(second.has_room(4));
  CHECK(first.has_room(2));
  network.waited = true;
  CHECK(second.has_room(4));
  network.waited = false;
  // The connection of HTTP/2 goes on, so it would only be kept elsewhere.
  CHECK(second.on_head(head_with({"HTTP/2 206", "ETag: \"a\"", "Content-Range: bytes 4-7/8"})));
  CHECK(second.has_room(4));
  CHECK(first.on_body("23"));
  CHECK(worker.step(output));
  CHECK(second.has_room(4));
  CHECK(second.on_body("4567"));
  first.on_end({mrf::http::Ending::Kind::stopped, ""});
  second.on_end({mrf::http::Ending::Kind::complete, ""});
  CHECK_FALSE(worker.step(output));
  CHECK(got == "01234567");
}
