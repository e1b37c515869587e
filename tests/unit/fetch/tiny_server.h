// SPDX-License-Identifier: MIT
#pragma once

#include <list>
#include <string>
#include <thread>

#include "io/fd.h"

namespace mrf {

/// A server on loopback of one object of some 6 MB: one response a connection, ranges honoured, with `hash`
/// among the fields of each head.
class TinyServer {
 public:
  explicit TinyServer(std::string hash);
  /// Ends whatever it is doing.
  ~TinyServer();
  TinyServer(const TinyServer&) = delete;
  TinyServer& operator=(const TinyServer&) = delete;

  const std::string& object() const { return content_; }
  std::string url;

 private:
  struct Connection {
    Fd fd;
    std::thread thread;
  };

  void accept_all();
  void serve(FdRef fd) const;

  std::string hash_;
  std::string content_;
  Fd listener_;
  Fd stop_;  ///< an eventfd(2), readable when it is over
  std::list<Connection> connections_;
  std::thread thread_;
};

}  // namespace mrf
