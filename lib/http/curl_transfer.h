// SPDX-License-Identifier: MIT
#pragma once

#include <curl/curl.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "http/curl_network.h"

namespace mrf::http {

/// Sets an option of libcurl. Throws bad_alloc.
template <typename Value>
void set_curl(CURL* easy, CURLoption option, Value value) {
  if (::curl_easy_setopt(easy, option, value) == CURLE_OUT_OF_MEMORY) throw std::bad_alloc();
}

struct CurlEasyDeleter {
  void operator()(CURL* easy) const { ::curl_easy_cleanup(easy); }
};
/// A handle of libcurl, and how long a network has waited for anything.
using Easy = std::unique_ptr<CURL, CurlEasyDeleter>;
using Idle = std::atomic<std::chrono::nanoseconds>;
struct CurlListDeleter {
  void operator()(curl_slist* list) const { ::curl_slist_free_all(list); }
};

/// One libcurl easy handle and the receiver of its response.
class CurlTransfer {
 public:
  /// `idle` is how long the network has waited for anything since it began; it outlives the object. `used` is
  /// what release() of another one with the same `options` gave, or null.
  CurlTransfer(const NetworkOptions& options, const Request& request, Receiver& receiver, const Idle& idle,
               Easy used = nullptr);
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  CURL* easy() const { return easy_.get(); }
  /// Whether the handle may serve other such transfers: it has no setting that they do not have, and knows no
  /// secret.
  static bool is_plain(const NetworkOptions& options, const Request& request);
  /// The handle of a plain transfer that is over; null when it is of no use.
  Easy release();
  const Receiver& receiver() const { return receiver_; }
  /// Goes on with a transfer that rests, when there is room again. True when it still rests.
  bool rests();
  /// How long the network has waited since something came for this transfer, or since it rested.
  std::chrono::nanoseconds idle() const { return idle_.load() - idle_at_last_.load(); }
  /// Something came, or the transfer rested.
  void on_sign_of_life() { idle_at_last_ = idle_.load(); }
  /// Whether a request that has ended is made once more: its connection, which other requests had used
  /// before, was closed before it was answered, as by an HTTP/2 server that has answered as many requests on
  /// one connection as it likes (GOAWAY, RFC 9113, 6.8), or is spoilt by what came behind an earlier answer.
  /// libcurl itself makes it again five times only, and not always.
  bool asks_again(CURLcode code);
  /// Tells the receiver how it ended. Throws what the receiver threw.
  void finish(CURLcode code);
  /// The same for a transfer that is given up.
  void give_up(const std::string& reason);

 private:
  static std::size_t take_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t take_body(char* data, std::size_t size, std::size_t count, void* self);
  static curl_socket_t open_socket(void* self, curlsocktype purpose, curl_sockaddr* address);
  template <typename Call>
  std::size_t guarded(std::size_t bytes, Call call) noexcept;
  bool end_head();
  Ending ending_of(CURLcode code) const;
  bool is_proxy_wrong(CURLcode code) const;
  bool is_named_in_no_proxy() const;
  std::string proxy_setting() const;
  std::string proxy_refusal() const;
  void set_all(const NetworkOptions& options, const Request& request);
  void set_tls_and_proxy(const NetworkOptions& options);
  void set_authority(const Request& request, bool netrc);
  void set_ftp(const NetworkOptions& options, const Url& url);
  void take_reply(std::string_view line);
  bool begin_file();
  bool lacks_only_last_reply() const;

  std::unique_ptr<curl_slist, CurlListDeleter> headers_;
  std::unique_ptr<curl_slist, CurlListDeleter> commands_;  ///< for an FTP server
  Easy easy_;
  Receiver& receiver_;
  std::string scheme_;
  std::string host_;
  bool is_https_;
  bool is_ftp_;
  bool is_plain_;
  bool is_complete_ = false;
  std::string reply_;                       ///< of an FTP server, the last
  std::optional<std::uint64_t> file_size_;  ///< that an FTP server said
  std::uint64_t file_bytes_ = 0;            ///< that came of it
  const Idle& idle_;
  Idle idle_at_last_;
  ResponseHead head_;
  bool head_is_over_ = false;
  bool stopped_ = false;
  std::size_t refused_ = 0;  ///< bytes that there was no room for
  int socket_error_ = 0;     ///< of socket(2), the last
  unsigned asked_again_ = 0;
  std::exception_ptr thrown_;
  char error_[CURL_ERROR_SIZE] = "";
};

}  // namespace mrf::http
