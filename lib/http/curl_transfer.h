// SPDX-License-Identifier: MIT
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <exception>
#include <memory>

#include "http/curl_network.h"
#include "http/host_slot.h"
#include "http/network.h"

namespace mrf::http {

struct EasyDeleter {
  void operator()(CURL* easy) const { ::curl_easy_cleanup(easy); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const { ::curl_slist_free_all(list); }
};

/// One libcurl easy handle and the receiver of its response.
class CurlTransfer {
 public:
  /// `idle` is how long the network has waited for anything since it began; it outlives the object.
  CurlTransfer(const NetworkOptions& options, const Request& request, Receiver& receiver,
               const std::chrono::nanoseconds& idle, HostSlot slot);
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  CURL* easy() const { return easy_.get(); }
  /// Goes on with a transfer that rests, when there is room again. True when it still rests.
  bool rests();
  /// How long the network has waited since something came for this transfer, or since it rested.
  std::chrono::nanoseconds idle() const { return idle_ - idle_at_last_; }
  /// Tells the receiver how it ended. Throws what the receiver threw.
  void finish(CURLcode code);
  /// The same for a transfer that is given up.
  void give_up(const std::string& reason);

 private:
  static std::size_t take_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t take_body(char* data, std::size_t size, std::size_t count, void* self);
  template <typename Call>
  std::size_t guarded(std::size_t bytes, Call call) noexcept;
  bool end_head();
  Ending ending_of(CURLcode code) const;
  bool is_proxy_wrong(CURLcode code) const;
  void set_tls_and_proxy(const NetworkOptions& options);

  HostSlot slot_;
  std::unique_ptr<curl_slist, ListDeleter> headers_;
  std::unique_ptr<CURL, EasyDeleter> easy_;
  Receiver& receiver_;
  bool is_https_;
  const std::chrono::nanoseconds& idle_;
  std::chrono::nanoseconds idle_at_last_;
  ResponseHead head_;
  bool head_is_over_ = false;
  bool stopped_ = false;
  std::size_t refused_ = 0;  ///< bytes that there was no room for
  std::exception_ptr thrown_;
  char error_[CURL_ERROR_SIZE] = "";
};

}  // namespace mrf::http
