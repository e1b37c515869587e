// SPDX-License-Identifier: MIT
#include "fetch/object_stream.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <optional>

#include "sys/error.h"
#include "sys/fd.h"
#include "sys/message.h"

namespace {

std::string content() {
  std::string text;
  for (int i = 0; text.size() < 6000000; ++i) text += fmt::format("{} ", i);
  return text;
}

// A server on loopback: one response a connection, ranges honoured.
class TinyServer {
 public:
  explicit TinyServer(std::string hash) : hash_(std::move(hash)), content_(content()) {
    listener_ = mrf::Fd(mrf::adopt_fd, ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(listener_.get(), 64) == 0);
    REQUIRE(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    url = fmt::format("http://127.0.0.1:{}/x", ntohs(address.sin_port));
    thread_ = std::thread([this] { accept_all(); });
  }
  ~TinyServer() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
    for (auto& thread : threads_) thread.join();
  }
  TinyServer(const TinyServer&) = delete;
  TinyServer& operator=(const TinyServer&) = delete;
  const std::string& object() const { return content_; }
  std::string url;

 private:
  void accept_all() {
    for (;;) {
      const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      threads_.emplace_back([this, fd] { serve(mrf::Fd(mrf::adopt_fd, fd)); });
    }
  }
  void serve(const mrf::Fd& fd) {
    char request[4096];
    const ssize_t n = ::recv(fd.get(), request, sizeof request, 0);
    if (n <= 0) return;
    std::size_t first = 0;
    std::size_t last = content_.size() - 1;
    const std::string text(request, static_cast<std::size_t>(n));
    const auto at = text.find("Range: bytes=");
    const bool ranged = at != std::string::npos;
    if (ranged) {
      first = std::stoul(text.substr(at + 13));
      last = std::stoul(text.substr(text.find('-', at) + 1));
    }
    std::string head =
        fmt::format("HTTP/1.1 {}\r\nETag: \"a\"\r\nConnection: close\r\nContent-Length: {}\r\n{}",
                    ranged ? "206 P" : "200 OK", last - first + 1, hash_);
    if (ranged) head += fmt::format("Content-Range: bytes {}-{}/{}\r\n", first, last, content_.size());
    head += "\r\n" + content_.substr(first, last - first + 1);
    for (std::size_t done = 0; done < head.size();) {
      const ssize_t sent = ::send(fd.get(), head.data() + done, head.size() - done, MSG_NOSIGNAL);
      if (sent <= 0) return;
      done += static_cast<std::size_t>(sent);
    }
  }

  std::string hash_;
  std::string content_;
  mrf::Fd listener_;
  std::thread thread_;
  std::vector<std::thread> threads_;
};

mrf::FetchSettings small_settings() {
  ::unsetenv("http_proxy");
  mrf::set_verbosity(mrf::Verbosity::quiet);
  mrf::FetchSettings settings;
  settings.sizes = {256 << 10, 512 << 10, 2 << 20, 4};
  settings.buffer = 2 << 20;
  settings.requests.retries = 1;
  return settings;
}

constexpr const char* wrong_hash = "x-goog-hash: md5=1B2M2Y8AsgTpgAmY7PhCfg==\r\n";

}  // namespace

TEST_CASE("a stream gives views into its memory, in order") {
  TinyServer server("");
  mrf::ObjectStream stream(small_settings(), mrf::Url::parse(server.url));
  std::string got;
  std::optional<mrf::StreamView> kept;
  for (;;) {
    auto view = stream.read(100000);
    if (view.bytes().empty()) break;
    CHECK(view.at() == got.size());
    got += view.bytes();
    // The one before is still what it was.
    if (kept)
      CHECK(kept->bytes() == std::string_view(server.object()).substr(kept->at(), kept->bytes().size()));
    kept.reset();
    kept.emplace(std::move(view));
  }
  CHECK(got == server.object());
}

TEST_CASE("a stream whose checksum is wrong throws at its end") {
  TinyServer server(wrong_hash);
  mrf::ObjectStream stream(small_settings(), mrf::Url::parse(server.url));
  std::size_t got = 0;
  const auto read_all = [&] {
    for (;;) {
      const auto view = stream.read(1 << 20);
      if (view.bytes().empty()) return;
      got += view.bytes().size();
    }
  };
  CHECK_THROWS_AS(read_all(), mrf::DataError);
  CHECK(got == server.object().size());
}

TEST_CASE("a stream that is not read to its end ends") {
  TinyServer server("");
  mrf::ObjectStream stream(small_settings(), mrf::Url::parse(server.url));
  CHECK(stream.read(10).bytes() == server.object().substr(0, 10));
}

TEST_CASE("parts in order and in any order") {
  TinyServer server("");
  const auto url = mrf::Url::parse(server.url);
  std::string in_order;
  mrf::read_in_order(small_settings(), url, [&](std::string_view bytes) { in_order += bytes; });
  CHECK(in_order == server.object());
  std::string anyhow(server.object().size(), '\0');
  mrf::read_in_any_order(small_settings(), url, [&](std::uint64_t at, std::string_view bytes) {
    std::memcpy(anyhow.data() + at, bytes.data(), bytes.size());
  });
  CHECK(anyhow == server.object());
  TinyServer bad(wrong_hash);
  CHECK_THROWS_AS(mrf::read_in_order(small_settings(), mrf::Url::parse(bad.url), [](std::string_view) {}),
                  mrf::DataError);
}
