// SPDX-License-Identifier: MIT
#include "tiny_server.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace mrf {

namespace {

std::string content(char separator) {
  std::string text;
  for (int i = 0; text.size() < 6000000; ++i) text += fmt::format("{}{}", i, separator);
  return text;
}

// As far as the empty line; "" when the connection ends before.
std::string receive_request(io::FdRef fd) {
  std::string request;
  char buffer[4096];
  while (request.find("\r\n\r\n") == std::string::npos) {
    const ssize_t n = ::recv(fd.get(), buffer, sizeof buffer, 0);
    if (n <= 0) return "";
    request.append(buffer, static_cast<std::size_t>(n));
  }
  return request;
}

}  // namespace

TinyServer::TinyServer(std::string hash, std::function<int(unsigned)> version)
    : hash_(std::move(hash)),
      version_(std::move(version)),
      contents_{content(' '), content('-')},
      listener_(io::adopt_fd, ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)),
      stop_(io::adopt_fd, ::eventfd(0, EFD_CLOEXEC)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(stop_.is_open());
  REQUIRE(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(::listen(listener_.get(), 64) == 0);
  REQUIRE(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
  url = fmt::format("http://127.0.0.1:{}/x", ntohs(address.sin_port));
  thread_ = std::thread([this] { accept_all(); });
}

TinyServer::~TinyServer() {
  REQUIRE(::eventfd_write(stop_.get(), 1) == 0);
  thread_.join();
  for (auto& connection : connections_) {
    ::shutdown(connection.fd.get(), SHUT_RDWR);
    connection.thread.join();
  }
}

void TinyServer::accept_all() {
  pollfd events[] = {{listener_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}};
  while (::poll(events, 2, -1) > 0 && events[1].revents == 0) {
    const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;  // the client has gone
    connections_.push_back({io::Fd(io::adopt_fd, fd), {}});
    Connection& connection = connections_.back();
    connection.thread = std::thread([this, &connection] { serve(connection.fd); });
  }
}

void TinyServer::serve(io::FdRef fd) {
  const std::string request = receive_request(fd);
  if (request.empty()) return;
  const int version = version_(requests_++);
  if (version == busy) {
    constexpr std::string_view refusal =
        "HTTP/1.1 503 Busy\r\nRetry-After: 20\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    (void)::send(fd.get(), refusal.data(), refusal.size(), MSG_NOSIGNAL);
    ::shutdown(fd.get(), SHUT_WR);
    return;
  }
  const std::string& object = contents_[static_cast<std::size_t>(version)];
  std::size_t first = 0;
  std::size_t last = object.size() - 1;
  const auto at = request.find("Range: bytes=");
  const bool ranged = at != std::string::npos;
  if (ranged) {
    first = std::stoul(request.substr(at + 13));
    last = std::stoul(request.substr(request.find('-', at) + 1));
  }
  std::string response =
      fmt::format("HTTP/1.1 {}\r\nETag: \"{}\"\r\nConnection: close\r\nContent-Length: {}\r\n{}",
                  ranged ? "206 P" : "200 OK", version, last - first + 1, hash_);
  if (ranged) response += fmt::format("Content-Range: bytes {}-{}/{}\r\n", first, last, object.size());
  response += "\r\n" + object.substr(first, last - first + 1);
  for (std::size_t done = 0; done < response.size();) {
    const ssize_t sent = ::send(fd.get(), response.data() + done, response.size() - done, MSG_NOSIGNAL);
    if (sent <= 0) return;
    done += static_cast<std::size_t>(sent);
  }
  ::shutdown(fd.get(), SHUT_WR);
}

}  // namespace mrf
