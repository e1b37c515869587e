// SPDX-License-Identifier: MIT
#include "http/curl_transfer.h"

#include <new>

#include "base/redact.h"

namespace mrf {

namespace {

template <typename Value>
void set(CURL* easy, CURLoption option, Value value) {
  if (::curl_easy_setopt(easy, option, value) == CURLE_OUT_OF_MEMORY) throw std::bad_alloc();
}

Ending::Kind kind_of(CURLcode code) {
  switch (code) {
    case CURLE_OK:
      return Ending::Kind::complete;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_NOT_BUILT_IN:
      return Ending::Kind::failed;
    default:
      return Ending::Kind::interrupted;
  }
}

}  // namespace

CurlTransfer::CurlTransfer(const NetworkOptions& options, const Request& request, Receiver& receiver)
    : easy_(::curl_easy_init()), receiver_(receiver) {
  if (!easy_) throw std::bad_alloc();
  CURL* easy = easy_.get();
  for (const auto& line : request.headers) {
    curl_slist* longer = ::curl_slist_append(headers_.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    (void)headers_.release();
    headers_.reset(longer);
  }
  set(easy, CURLOPT_URL, request.url.text().c_str());
  set(easy, CURLOPT_HTTPHEADER, headers_.get());
  if (!request.url.credentials().empty()) set(easy, CURLOPT_USERPWD, request.url.credentials().c_str());
  set(easy, CURLOPT_ERRORBUFFER, error_);
  set(easy, CURLOPT_PRIVATE, this);
  set(easy, CURLOPT_HEADERFUNCTION, &CurlTransfer::take_header);
  set(easy, CURLOPT_HEADERDATA, this);
  set(easy, CURLOPT_WRITEFUNCTION, &CurlTransfer::take_body);
  set(easy, CURLOPT_WRITEDATA, this);
  set(easy, CURLOPT_NOSIGNAL, 1L);
  set(easy, CURLOPT_BUFFERSIZE, static_cast<long>(options.receive_buffer));
  set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy, CURLOPT_PATH_AS_IS, 1L);
  set(easy, CURLOPT_CONNECTTIMEOUT, static_cast<long>(options.connect_timeout.count()));
  set(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
  set(easy, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.stall_timeout.count()));
  set_tls_and_proxy(options);
}

void CurlTransfer::set_tls_and_proxy(const NetworkOptions& options) {
  CURL* easy = easy_.get();
  set(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  // A directory of certificates would be read in full for each connection, beside the file that has them all.
  if (!options.ca_file.empty() || ::curl_version_info(CURLVERSION_NOW)->cainfo != nullptr) {
    set(easy, CURLOPT_CAPATH, static_cast<const char*>(nullptr));
    set(easy, CURLOPT_PROXY_CAPATH, static_cast<const char*>(nullptr));
  }
  if (options.ca_file.empty()) return;
  set(easy, CURLOPT_CAINFO, options.ca_file.c_str());
  set(easy, CURLOPT_PROXY_CAINFO, options.ca_file.c_str());
}

// Nothing may be thrown through libcurl.
template <typename Call>
std::size_t CurlTransfer::guarded(std::size_t bytes, Call call) noexcept {
  try {
    stopped_ = !call();
    return stopped_ ? 0 : bytes;
  } catch (...) {
    thrown_ = std::current_exception();
    return 0;
  }
}

bool CurlTransfer::end_head() {
  if (head_.status() < 200) return true;
  head_is_over_ = true;
  return receiver_.on_head(head_);
}

std::size_t CurlTransfer::take_header(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  const std::string_view line(data, size * count);
  if (transfer.head_is_over_) return line.size();  // a trailer
  if (!trimmed(line).empty()) {
    transfer.head_.add_line(line);
    return line.size();
  }
  return transfer.guarded(line.size(), [&] { return transfer.end_head(); });
}

std::size_t CurlTransfer::take_body(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  const std::string_view bytes(data, size * count);
  if (!transfer.receiver_.has_room(bytes.size())) {
    transfer.refused_ = bytes.size();
    return CURL_WRITEFUNC_PAUSE;
  }
  return transfer.guarded(bytes.size(), [&] { return transfer.receiver_.on_body(bytes); });
}

bool CurlTransfer::rests() {
  if (refused_ == 0) return false;
  if (!receiver_.has_room(refused_)) return true;
  refused_ = 0;
  (void)::curl_easy_pause(easy_.get(), CURLPAUSE_CONT);  // an error ends the transfer
  return refused_ != 0;
}

void CurlTransfer::finish(CURLcode code) {
  if (thrown_) std::rethrow_exception(thrown_);
  if (code == CURLE_OUT_OF_MEMORY) throw std::bad_alloc();
  Ending ending;
  ending.kind = stopped_ ? Ending::Kind::stopped : kind_of(code);
  if (code != CURLE_OK) ending.reason = redact_words(*error_ != '\0' ? error_ : ::curl_easy_strerror(code));
  receiver_.on_end(ending);
}

}  // namespace mrf
