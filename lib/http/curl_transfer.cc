// SPDX-License-Identifier: MIT
#include "http/curl_transfer.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <new>
#include <utility>

#include "base/redact.h"

namespace mrf::http {

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

bool has_memory() {
  constexpr std::size_t some = 1 << 20;
  return std::unique_ptr<char[]>(new (std::nothrow) char[some]) != nullptr;
}

}  // namespace

CurlTransfer::CurlTransfer(const NetworkOptions& options, const Request& request, Receiver& receiver,
                           const std::chrono::nanoseconds& idle, HostSlot slot)
    : slot_(std::move(slot)),
      easy_(::curl_easy_init()),
      receiver_(receiver),
      is_https_(request.url.is_https()),
      idle_(idle),
      idle_at_last_(idle) {
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
  transfer.idle_at_last_ = transfer.idle_;
  if (transfer.head_is_over_) return line.size();  // a trailer
  return transfer.guarded(line.size(), [&] {
    if (trimmed(line).empty()) return transfer.end_head();
    transfer.head_.add_line(line);
    return !transfer.head_.is_too_long();
  });
}

std::size_t CurlTransfer::take_body(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  const std::string_view bytes(data, size * count);
  transfer.idle_at_last_ = transfer.idle_;
  if (!transfer.receiver_.has_room(bytes.size())) {
    transfer.refused_ = bytes.size();
    return CURL_WRITEFUNC_PAUSE;
  }
  return transfer.guarded(bytes.size(), [&] { return transfer.receiver_.on_body(bytes); });
}

bool CurlTransfer::rests() {
  if (refused_ == 0) return false;
  idle_at_last_ = idle_;
  if (!receiver_.has_room(refused_)) return true;
  refused_ = 0;
  (void)::curl_easy_pause(easy_.get(), CURLPAUSE_CONT);  // an error ends the transfer
  return refused_ != 0;
}

void CurlTransfer::finish(CURLcode code) {
  if (thrown_) std::rethrow_exception(thrown_);
  if (code == CURLE_OUT_OF_MEMORY) {
    // libcurl says the same of a line that is too long for it. Where there is memory it is that.
    if (head_is_over_ || !has_memory()) throw std::bad_alloc();
    receiver_.on_end({Ending::Kind::malformed, "a line in the head of the response is longer than 100 KB"});
    return;
  }
  receiver_.on_end(ending_of(code));
}

void CurlTransfer::give_up(const std::string& reason) {
  receiver_.on_end({Ending::Kind::interrupted, reason});
}

// libcurl takes a scheme that it does not know for the name of a host, or for http.
bool CurlTransfer::is_proxy_wrong(CURLcode code) const {
  if (std::string_view(error_).starts_with("Unsupported proxy")) return true;
  if (code != CURLE_COULDNT_RESOLVE_PROXY && code != CURLE_COULDNT_CONNECT) return false;
  for (const char* name : {is_https_ ? "https_proxy" : "http_proxy", is_https_ ? "HTTPS_PROXY" : "http_proxy",
                           "all_proxy", "ALL_PROXY"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    const std::string_view proxy(value);
    const auto end = proxy.find("://");
    if (end == std::string_view::npos) return false;
    constexpr std::array<std::string_view, 6> known{"http",    "https",  "socks4",
                                                    "socks4a", "socks5", "socks5h"};
    return std::none_of(known.begin(), known.end(),
                        [&](auto kind) { return equal_names(kind, proxy.substr(0, end)); });
  }
  return false;
}

Ending CurlTransfer::ending_of(CURLcode code) const {
  const std::string_view said(error_);
  if (head_.is_too_long() || said.starts_with("Too large response headers"))
    return {Ending::Kind::malformed, "the head of the response is too long"};
  if (stopped_) return {Ending::Kind::stopped, ""};
  if (code == CURLE_OK && !head_is_over_)
    return {Ending::Kind::interrupted, "the server closed the connection within the head of its response"};
  if (is_proxy_wrong(code))
    return {Ending::Kind::failed,
            "a proxy setting (http_proxy, https_proxy, all_proxy) names no proxy of a known kind"};
  if (said.starts_with("Received HTTP/0.9"))
    return {Ending::Kind::failed, "the server does not answer in HTTP; is it one for https?"};
  if (code == CURLE_OK) return {};
  return {kind_of(code), base::redact_words(said.empty() ? ::curl_easy_strerror(code) : said)};
}

}  // namespace mrf::http
