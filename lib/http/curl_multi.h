// SPDX-License-Identifier: MIT
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <memory>
#include <optional>

#include "io/fd.h"

namespace mrf::http {

/// Throws Error for what libcurl calls an error of its own.
void check_curl(CURLMcode code);

/// The sockets of one or more CurlMulti and an event that wakes whoever waits for them: epoll(7).
class SocketSet {
 public:
  /// Throws SystemError.
  SocketSet();

  io::FdRef fd() const { return epoll_; }
  /// Ends the wait that runs, or the next one. Any thread.
  void wake();
  /// Takes what wake() left.
  void clear_wake();

  static constexpr std::uint64_t wake_data = ~std::uint64_t{0};

 private:
  io::Fd epoll_;
  io::Fd wake_;
};

/// A multi handle of libcurl that is told of its sockets and of the time, so that many transfers cost no more
/// than those that something happened to (curl_multi_socket_action(3)).
class CurlMulti {
 public:
  enum class Kind {
    apart,   ///< each transfer has a connection
    shared,  ///< transfers to one host share a connection, where the server speaks HTTP/2
  };
  /// `number` tells it from others in `sockets`, which outlives the object. Throws Error, SystemError.
  CurlMulti(SocketSet& sockets, unsigned number, Kind kind);
  CurlMulti(const CurlMulti&) = delete;
  CurlMulti& operator=(const CurlMulti&) = delete;

  CURLM* handle() const { return multi_.get(); }
  void add(CURL* easy) { check_curl(::curl_multi_add_handle(multi_.get(), easy)); }
  void remove(CURL* easy) { check_curl(::curl_multi_remove_handle(multi_.get(), easy)); }
  /// When on_time() is to be called next; nothing when the sockets alone decide.
  std::optional<std::chrono::steady_clock::time_point> due() const { return due_; }
  void on_time();
  /// `data` and `events` are those of epoll_wait(2), of a socket of this object.
  void on_event(std::uint64_t data, std::uint32_t events);
  /// A transfer that has ended, and how; nothing when there is no more.
  std::optional<std::pair<CURL*, CURLcode>> ended();

  static unsigned number_of(std::uint64_t data) { return static_cast<unsigned>(data >> 32); }

 private:
  struct Deleter {
    void operator()(CURLM* multi) const { ::curl_multi_cleanup(multi); }
  };

  static int on_socket(CURL* easy, curl_socket_t socket, int what, void* self, void* known);
  static int on_timer(CURLM* multi, long milliseconds, void* self);
  void act(curl_socket_t socket, int events);

  SocketSet& sockets_;
  unsigned number_;
  std::optional<std::chrono::steady_clock::time_point> due_;
  int watch_error_ = 0;             ///< of epoll_ctl(2), within libcurl
  CURL* without_socket_ = nullptr;  ///< the last transfer whose socket is no longer needed
  std::unique_ptr<CURLM, Deleter> multi_;
};

}  // namespace mrf::http
