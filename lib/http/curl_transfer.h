// SPDX-License-Identifier: MIT
#pragma once

#include <curl/curl.h>

#include <exception>
#include <memory>

#include "http/curl_network.h"
#include "http/network.h"

namespace mrf {

struct EasyDeleter {
  void operator()(CURL* easy) const { ::curl_easy_cleanup(easy); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const { ::curl_slist_free_all(list); }
};

/// One libcurl easy handle and the receiver of its response.
class CurlTransfer {
 public:
  CurlTransfer(const NetworkOptions& options, const Request& request, Receiver& receiver);
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  CURL* easy() const { return easy_.get(); }
  /// Goes on with a transfer that rests, when there is room again. True when it still rests.
  bool rests();
  /// Tells the receiver how it ended. Throws what the receiver threw.
  void finish(CURLcode code);

 private:
  static std::size_t take_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t take_body(char* data, std::size_t size, std::size_t count, void* self);
  template <typename Call>
  std::size_t guarded(std::size_t bytes, Call call) noexcept;
  bool end_head();
  void set_tls_and_proxy(const NetworkOptions& options);

  std::unique_ptr<curl_slist, ListDeleter> headers_;
  std::unique_ptr<CURL, EasyDeleter> easy_;
  Receiver& receiver_;
  ResponseHead head_;
  bool head_is_over_ = false;
  bool stopped_ = false;
  std::size_t refused_ = 0;  ///< bytes that there was no room for
  std::exception_ptr thrown_;
  char error_[CURL_ERROR_SIZE] = "";
};

}  // namespace mrf
