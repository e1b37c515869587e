// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <list>
#include <string>
#include <thread>

#include "io/fd.h"

namespace mrf {

/// A server on loopback of one object of some 6 MB: one response a connection, ranges honoured, with `hash`
/// among the fields of each head. `version` says which of two objects the Nth request, from 0 on, meets: both
/// have one size, and an entity tag each. `busy` is a refusal for 20 s.
class TinyServer {
 public:
  static constexpr int busy = -1;

  explicit TinyServer(
      std::string hash, std::function<int(unsigned)> version = [](unsigned) { return 0; });
  /// Ends whatever it is doing.
  ~TinyServer();
  TinyServer(const TinyServer&) = delete;
  TinyServer& operator=(const TinyServer&) = delete;

  const std::string& object(std::size_t version = 0) const { return contents_[version]; }
  unsigned requests() const { return requests_; }
  std::string url;

 private:
  struct Connection {
    io::Fd fd;
    std::thread thread;
  };

  void accept_all();
  void serve(io::FdRef fd);

  std::string hash_;
  std::function<int(unsigned)> version_;
  std::array<std::string, 2> contents_;
  std::atomic<unsigned> requests_{0};
  io::Fd listener_;
  io::Fd stop_;  ///< an eventfd(2), readable when it is over
  std::list<Connection> connections_;
  std::thread thread_;
};

}  // namespace mrf
