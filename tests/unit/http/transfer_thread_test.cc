// SPDX-License-Identifier: MIT
#include "http/transfer_thread.h"

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

using mrf::http::Ending;
using mrf::http::ResponseHead;
using mrf::http::TransferThread;

namespace {

struct RestingReceiver final : mrf::http::Receiver {
  bool on_head(const ResponseHead&) override { return true; }
  bool on_body(std::string_view bytes) override {
    body += bytes;
    return true;
  }
  bool has_room(std::size_t) override { return room; }
  void on_end(const Ending& how) override { ending = how.kind; }

  bool room = false;
  std::string body;
  std::optional<Ending::Kind> ending;
};

}  // namespace

// The thread wakes its receiver for the first bytes only, so whoever has room again takes all that came.
TEST_CASE("a receiver that rested gets everything that came meanwhile, and the end, at once") {
  RestingReceiver receiver;
  std::promise<void> first;
  std::promise<void> taken;
  std::promise<void> second;
  std::promise<void> go;
  std::atomic<int> wakes = 0;
  TransferThread thread(receiver, 1000, [&] { ++wakes; });
  bool ends_early = false;
  SUBCASE("while the transfer goes on") {}
  SUBCASE("when the transfer is over") { ends_early = true; }
  thread.start([&] {
    CHECK(thread.inlet().on_body("one"));
    first.set_value();
    taken.get_future().wait();
    CHECK(thread.inlet().on_body("two"));
    CHECK(thread.inlet().on_body("three"));
    if (ends_early) thread.inlet().on_end({});
    second.set_value();
    if (ends_early) return;
    go.get_future().wait();
    thread.inlet().on_end({});
  });
  first.get_future().wait();
  CHECK_FALSE(thread.deliver());
  CHECK(thread.rests());
  taken.set_value();
  second.get_future().wait();
  while (ends_early && !thread.is_over()) std::this_thread::yield();
  receiver.room = true;
  CHECK(thread.deliver() == ends_early);
  CHECK(receiver.body == "onetwothree");
  CHECK(receiver.ending.has_value() == ends_early);
  if (!ends_early) go.set_value();
}
