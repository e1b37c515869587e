// SPDX-License-Identifier: MIT
#include "http/exchange.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <stop_token>
#include <string>
#include <thread>

#include "base/error.h"
#include "io/fd.h"

namespace {

// A server that takes one request, and answers nothing.
class SilentServer {
 public:
  SilentServer() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(listening_.get(), any, size) == 0);
    REQUIRE(::listen(listening_.get(), 1) == 0);
    REQUIRE(::getsockname(listening_.get(), any, &size) == 0);
    port_ = ::ntohs(address.sin_port);
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/"; }
  void take() {
    taken_ = mrf::io::Fd(mrf::io::adopt_fd, ::accept(listening_.get(), nullptr, nullptr));
    std::array<char, 4096> bytes{};
    REQUIRE(::recv(taken_.get(), bytes.data(), bytes.size(), 0) > 0);
  }

 private:
  mrf::io::Fd listening_{mrf::io::adopt_fd, ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  mrf::io::Fd taken_;
  unsigned port_ = 0;
};

}  // namespace

TEST_CASE("an answer that nobody waits for any more ends the exchange at once") {
  SilentServer server;
  std::stop_source stop;
  std::string reason;
  std::thread asks([&] {
    mrf::http::Request request{mrf::http::Url::parse(server.url()), {}};
    request.goes_direct = true;
    try {
      (void)mrf::http::exchange({}, request, std::chrono::hours(1), stop.get_token());
    } catch (const mrf::base::Error& error) {
      reason = error.what();
    }
  });
  server.take();
  stop.request_stop();
  asks.join();
  CHECK(reason == "cannot ask '" + server.url() + "': its answer is not waited for any more");
}
