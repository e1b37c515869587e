// SPDX-License-Identifier: MIT
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "http/curl_multi.h"
#include "http/curl_transfer.h"
#include "http/transfer_thread.h"

namespace mrf::http {

/// The sockets of a multi handle, which this object outlives: another thread can end what waits for one of
/// them.
class OpenSockets {
 public:
  void watch(CURL* easy);
  /// Nothing comes or goes any more, and no other socket is opened.
  void shut_down();

 private:
  static curl_socket_t open(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int close(void* self, curl_socket_t socket);

  std::mutex mutex_;
  std::set<curl_socket_t> sockets_;
  bool is_shut_down_ = false;
};

struct CurlMultiDeleter {
  void operator()(CURLM* multi) const { ::curl_multi_cleanup(multi); }
};

/// A multi handle for one transfer at a time, with the connections that it has kept.
struct FtpSession {
  std::unique_ptr<OpenSockets> sockets = std::make_unique<OpenSockets>();
  std::unique_ptr<CURLM, CurlMultiDeleter> multi{::curl_multi_init()};
};

/// A transfer by FTP. libcurl does not return while it waits for the server's last reply (7.88), so it has a
/// thread of its own.
class FtpTransfer {
 public:
  /// Throws SystemError.
  FtpTransfer(const NetworkOptions& options, const Request& request, Receiver& receiver, const Idle& idle,
              SocketSet& sockets, FtpSession session);
  ~FtpTransfer();
  FtpTransfer(const FtpTransfer&) = delete;
  FtpTransfer& operator=(const FtpTransfer&) = delete;

  const std::string& origin() const { return origin_; }
  TransferThread& thread() { return thread_; }
  void stop();
  const Receiver& receiver() const { return thread_.receiver(); }
  std::chrono::nanoseconds idle() const { return transfer_.idle(); }
  /// Whether the receiver has no room. Then the transfer counts as no stall.
  bool rests();
  /// With the connections that it has kept. Of a transfer whose thread is over.
  FtpSession release();

 private:
  void run();

  std::string origin_;
  TransferThread thread_;
  FtpSession session_;
  CurlTransfer transfer_;
};

}  // namespace mrf::http
