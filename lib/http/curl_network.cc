// SPDX-License-Identifier: MIT
#include "http/curl_network.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <initializer_list>
#include <map>
#include <new>
#include <utility>
#include <vector>

#include "base/environment.h"
#include "base/error.h"
#include "base/redact.h"
#include "http/curl_multi.h"
#include "io/fd.h"
#include "io/reader.h"

namespace mrf::http {

namespace {

constexpr std::chrono::milliseconds resting_poll{5};
// poll(2) alone takes a few microseconds.
constexpr std::chrono::microseconds shortest_wait{50};
// The receive buffer of transfers that share connections, of which there are many.
constexpr std::size_t small_receive_buffer = 64 << 10;
constexpr int proxy_wants_user = 407;

void init_once() {
  static const CURLcode code = ::curl_global_init(CURL_GLOBAL_ALL);
  if (code != CURLE_OK)
    throw base::Error(base::Status::failure, "start", "libcurl", ::curl_easy_strerror(code));
}

// libcurl would only say that the server's certificate cannot be verified.
void require_certificate(const std::string& path) {
  const std::string text = io::read_whole(path);
  if (text.find("CERTIFICATE-----") == std::string::npos)
    throw base::Error(base::Status::failure, "use", path, "it holds no certificate in PEM format");
}

// Throws when libcurl is too old to sign: earlier versions leave the session token and the range out of the
// signature.
void require_signing(const Url& url) {
  constexpr unsigned first = 0x075700;
  const auto* info = ::curl_version_info(CURLVERSION_NOW);
  if (info->version_num < first)
    throw base::Error(base::Status::failure, "sign request for", url.shown(),
                      fmt::format("libcurl {} cannot; 7.87 and later can", info->version));
}

// The name in the URL chooses the entry of .netrc; a name in CURLOPT_USERNAME would keep libcurl from
// looking.
std::string with_user(const Url& url) {
  const std::string name = url.credentials().substr(0, url.credentials().find(':'));
  const std::unique_ptr<char, decltype(&::curl_free)> encoded(
      ::curl_easy_escape(nullptr, name.c_str(), static_cast<int>(name.size())), &::curl_free);
  if (!encoded) throw std::bad_alloc();
  std::string text = url.text();
  return text.insert(text.find("://") + 3, std::string(encoded.get()) + "@");
}

template <typename Value>
void set(CURL* easy, CURLoption option, Value value) {
  if (::curl_easy_setopt(easy, option, value) == CURLE_OUT_OF_MEMORY) throw std::bad_alloc();
}

#if LIBCURL_VERSION_NUM < 0x075500
// libcurl takes the names of protocols from 7.85 on, before that their bits.
constexpr struct ProtocolNames {
} CURLOPT_PROTOCOLS_STR;
void set(CURL* easy, ProtocolNames, std::string_view names) {
  constexpr std::pair<std::string_view, long> all[] = {
      {"http", CURLPROTO_HTTP}, {"https", CURLPROTO_HTTPS}, {"ftp", CURLPROTO_FTP}, {"ftps", CURLPROTO_FTPS}};
  long bits = 0;
  while (!names.empty()) {
    const auto name = names.substr(0, names.find(','));
    for (const auto& [known, bit] : all) bits |= name == known ? bit : 0;
    names.remove_prefix(std::min(names.size(), name.size() + 1));
  }
  set(easy, CURLOPT_PROTOCOLS, bits);
}
#endif

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
    case CURLE_USE_SSL_FAILED:
      return Ending::Kind::failed;
    case CURLE_REMOTE_FILE_NOT_FOUND:
    case CURLE_FTP_COULDNT_RETR_FILE:
    case CURLE_REMOTE_ACCESS_DENIED:
    case CURLE_LOGIN_DENIED:
      return Ending::Kind::refused;
    default:
      return Ending::Kind::interrupted;
  }
}

bool has_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](auto word) { return text.find(word) != std::string_view::npos; });
}

// What GnuTLS, and versions of OpenSSL, say of an answer that is none of TLS.
bool shows_no_tls(std::string_view said) {
  return has_any(said, {"unexpected TLS packet", "wrong version number", "packet length too long"});
}

// Whether the certificate is signed by nobody who is trusted: other ones would be refused in spite of that.
bool shows_no_trust(std::string_view said) {
  return has_any(said, {"certificate verification failed", "local issuer", "self-signed", "self signed"});
}

bool has_memory() {
  constexpr std::size_t some = 1 << 20;
  return std::unique_ptr<char[]>(new (std::nothrow) char[some]) != nullptr;
}

// libcurl opens the file for each request. Where HOME says nothing, it looks for the user's directory itself.
bool may_have_netrc() {
  const std::string home = base::environment("HOME");
  return home.empty() || ::access((home + "/.netrc").c_str(), F_OK) == 0 || errno != ENOENT;
}

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
               const std::chrono::nanoseconds& idle);
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  CURL* easy() const { return easy_.get(); }
  const Receiver& receiver() const { return receiver_; }
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
  bool is_without_proxy() const;
  std::string proxy_setting() const;
  std::string proxy_refusal() const;
  void set_tls_and_proxy(const NetworkOptions& options);
  void set_authority(const Request& request, bool netrc);
  bool begin_file();

  std::unique_ptr<curl_slist, ListDeleter> headers_;
  std::unique_ptr<CURL, EasyDeleter> easy_;
  Receiver& receiver_;
  std::string scheme_;
  std::string host_;
  bool is_https_;
  bool is_ftp_;
  std::string reply_;  ///< of an FTP server, the last
  const std::chrono::nanoseconds& idle_;
  std::chrono::nanoseconds idle_at_last_;
  ResponseHead head_;
  bool head_is_over_ = false;
  bool stopped_ = false;
  std::size_t refused_ = 0;  ///< bytes that there was no room for
  std::exception_ptr thrown_;
  char error_[CURL_ERROR_SIZE] = "";
};

CurlTransfer::CurlTransfer(const NetworkOptions& options, const Request& request, Receiver& receiver,
                           const std::chrono::nanoseconds& idle)
    : easy_(::curl_easy_init()),
      receiver_(receiver),
      scheme_(request.url.scheme()),
      host_(request.url.host()),
      is_https_(request.url.is_https()),
      is_ftp_(request.url.is_ftp()),
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
  set_authority(request, options.netrc);
  set(easy, CURLOPT_ERRORBUFFER, error_);
  set(easy, CURLOPT_PRIVATE, this);
  set(easy, CURLOPT_HEADERFUNCTION, &CurlTransfer::take_header);
  set(easy, CURLOPT_HEADERDATA, this);
  set(easy, CURLOPT_WRITEFUNCTION, &CurlTransfer::take_body);
  set(easy, CURLOPT_WRITEDATA, this);
  set(easy, CURLOPT_NOSIGNAL, 1L);
  set(easy, CURLOPT_BUFFERSIZE,
      static_cast<long>(request.shares_connection ? small_receive_buffer : options.receive_buffer));
  // A request waits until it is known whether it can share a connection.
  if (request.shares_connection && is_https_) set(easy, CURLOPT_PIPEWAIT, 1L);
  set(easy, CURLOPT_PROTOCOLS_STR, "http,https,ftp,ftps");
  if (request.method == Method::head) set(easy, CURLOPT_NOBODY, 1L);
  if (request.method == Method::put) set(easy, CURLOPT_CUSTOMREQUEST, "PUT");
  if (request.method == Method::post) {
    set(easy, CURLOPT_POSTFIELDSIZE, static_cast<long>(request.form.size()));
    set(easy, CURLOPT_COPYPOSTFIELDS, request.form.c_str());
  }
  if (request.goes_direct) set(easy, CURLOPT_PROXY, "");
  set(easy, CURLOPT_PATH_AS_IS, 1L);
  set(easy, CURLOPT_USERAGENT, options.user_agent.c_str());
  set(easy, CURLOPT_CONNECTTIMEOUT, static_cast<long>(options.connect_timeout.count()));
  set_tls_and_proxy(options);
}

// The access key may hold a colon, so it is no part of CURLOPT_USERPWD. A "ftp" URL stays as it is, without
// TLS.
void CurlTransfer::set_authority(const Request& request, bool netrc) {
  CURL* easy = easy_.get();
  if (request.signature) {
    require_signing(request.url);
    const AwsSignature& by = *request.signature;
    set(easy, CURLOPT_AWS_SIGV4, fmt::format("aws:amz:{}:s3", by.region).c_str());
    set(easy, CURLOPT_USERNAME, by.access_key.c_str());
    set(easy, CURLOPT_PASSWORD, by.secret_key.c_str());
    return;
  }
  const std::string& credentials = request.url.credentials();
  const bool has_password = !credentials.empty() && credentials.find(':') + 1 < credentials.size();
  if (!has_password && netrc && request.is_trusted) {
    set(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_OPTIONAL));
    if (!credentials.empty()) set(easy, CURLOPT_URL, with_user(request.url).c_str());
  } else if (!credentials.empty()) {
    set(easy, CURLOPT_USERPWD, credentials.c_str());
  }
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

// FTP has no response head. The receiver gets the size of the file as the head of an HTTP response.
bool CurlTransfer::begin_file() {
  curl_off_t size = -1;
  (void)::curl_easy_getinfo(easy_.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &size);
  head_.add_line("HTTP/1.1 200 OK");
  if (size >= 0) head_.add_line(fmt::format("Content-Length: {}", size));
  head_is_over_ = true;
  return receiver_.on_head(head_);
}

std::size_t CurlTransfer::take_header(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  const std::string_view line(data, size * count);
  transfer.idle_at_last_ = transfer.idle_;
  // A proxy fetches the file; later lines are those of an FTP server.
  if (transfer.reply_.empty() && line.starts_with("HTTP/")) transfer.is_ftp_ = false;
  if (transfer.is_ftp_) {
    return transfer.guarded(line.size(), [&] {
      transfer.reply_ = trimmed(line);
      return true;
    });
  }
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
  if (transfer.is_ftp_ && !transfer.head_is_over_) {
    if (transfer.guarded(1, [&] { return transfer.begin_file(); }) == 0) return 0;
  }
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
  if (is_ftp_ && code == CURLE_OK && !head_is_over_ && !begin_file()) stopped_ = true;  // an empty file
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

// Whether no_proxy names the host. Networks of addresses (CIDR) count as if they did, since this only decides
// whom a message names.
bool CurlTransfer::is_without_proxy() const {
  const std::string lower = base::environment("no_proxy");
  const std::string list = lower.empty() ? base::environment("NO_PROXY") : lower;
  const bool is_address = host_.find_first_not_of("0123456789.") == std::string::npos;
  for (std::string_view rest = list; !rest.empty();) {
    const auto end = std::min(rest.find_first_of(", "), rest.size());
    auto name = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (name == "*" || name.find('/') != std::string_view::npos) return true;
    while (name.starts_with('.')) name.remove_prefix(1);
    if (name.empty() || name.size() > host_.size()) continue;
    const std::size_t before = host_.size() - name.size();
    if (equal_names(std::string_view(host_).substr(before), name) &&
        (before == 0 || (!is_address && host_[before - 1] == '.')))
      return true;
  }
  return false;
}

// The setting that names the proxy for this transfer, "" when none does. Programs behind a web server get
// HTTP_PROXY from a header of the request, so that nobody reads it.
std::string CurlTransfer::proxy_setting() const {
  if (is_without_proxy()) return "";
  const std::string own = scheme_ + "_proxy";
  std::string upper = own;
  for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  for (const std::string& name :
       {own, scheme_ == "http" ? own : upper, std::string("all_proxy"), std::string("ALL_PROXY")}) {
    if (!base::environment(name.c_str()).empty()) return name;
  }
  return "";
}

// libcurl takes a scheme that it does not know for the name of a host, or for http.
bool CurlTransfer::is_proxy_wrong(CURLcode code) const {
  if (std::string_view(error_).starts_with("Unsupported proxy")) return true;
  if (code != CURLE_COULDNT_RESOLVE_PROXY && code != CURLE_COULDNT_CONNECT) return false;
  const std::string setting = proxy_setting();
  if (setting.empty()) return false;
  const std::string proxy = base::environment(setting.c_str());
  const auto end = proxy.find("://");
  if (end == std::string_view::npos) return false;
  constexpr std::array<std::string_view, 6> known{"http", "https", "socks4", "socks4a", "socks5", "socks5h"};
  return std::none_of(known.begin(), known.end(),
                      [&](auto kind) { return equal_names(kind, proxy.substr(0, end)); });
}

// Why a proxy that wants to know its user is of no use; "" when none said so. What a proxy answers to CONNECT
// is no response to the request, and behind CONNECT no response is the proxy's.
std::string CurlTransfer::proxy_refusal() const {
  long status = head_.status();
  if (is_https_) (void)::curl_easy_getinfo(easy_.get(), CURLINFO_HTTP_CONNECTCODE, &status);
  const std::string setting = proxy_setting();
  if (status != proxy_wants_user || setting.empty()) return "";
  return fmt::format(
      "the proxy '{}' does not accept this user (HTTP {}); {} may have a name and a password in front of its "
      "host",
      base::redact_url(base::environment(setting.c_str())), proxy_wants_user, setting);
}

Ending CurlTransfer::ending_of(CURLcode code) const {
  const std::string_view said(error_);
  if (head_.is_too_long() || said.starts_with("Too large response headers"))
    return {Ending::Kind::malformed, "the head of the response is too long"};
  if (const std::string reason = proxy_refusal(); !reason.empty()) return {Ending::Kind::refused, reason};
  if (stopped_) return {Ending::Kind::stopped, ""};
  if (code == CURLE_OK && !head_is_over_)
    return {Ending::Kind::interrupted, "the server closed the connection within the head of its response"};
  if (is_proxy_wrong(code))
    return {Ending::Kind::failed,
            "a proxy setting (http_proxy, https_proxy, all_proxy) names no proxy of a known kind"};
  if (said.starts_with("Received HTTP/0.9"))
    return {Ending::Kind::failed, "the server does not answer in HTTP; is it one for https?"};
  if (code == CURLE_OK) return {};
  if (code == CURLE_SSL_CONNECT_ERROR && shows_no_tls(said))
    return {Ending::Kind::failed, "the server does not speak TLS: is it http://?"};
  if (code == CURLE_PEER_FAILED_VERIFICATION && shows_no_trust(said))
    return {Ending::Kind::failed,
            base::redact_words(said) + "; --cacert FILE or CURL_CA_BUNDLE names certificates to trust"};
  if (is_ftp_ && kind_of(code) == Ending::Kind::refused && !reply_.empty()) {
    const auto kind = reply_.starts_with('4') ? Ending::Kind::interrupted : Ending::Kind::refused;
    return {kind, fmt::format("the server says '{}'", base::redact_answer(reply_))};
  }
  return {kind_of(code), base::redact_words(said.empty() ? ::curl_easy_strerror(code) : said)};
}

// Transfers in three multi handles: each has its connection in the one, since parts of an object that shared
// one would come no faster than one of them; they share connections in the second; the third is for FTP.
class CurlNetwork final : public Network {
 public:
  explicit CurlNetwork(NetworkOptions options) : options_(std::move(options)) {
    if (!options_.ca_file.empty()) require_certificate(options_.ca_file);
    options_.netrc = options_.netrc && may_have_netrc();
  }
  ~CurlNetwork() override {
    for (const auto& [easy, running] : transfers_) running.multi->remove(easy);
  }
  CurlNetwork(const CurlNetwork&) = delete;
  CurlNetwork& operator=(const CurlNetwork&) = delete;

  void start(const Request& request, Receiver& receiver) override {
    const auto kind = request.url.is_ftp()        ? CurlMulti::Kind::polled
                      : request.shares_connection ? CurlMulti::Kind::shared
                                                  : CurlMulti::Kind::apart;
    auto& multi = multi_of(kind);
    if (!multi) multi.emplace(sockets_, static_cast<unsigned>(kind), kind);
    auto transfer = std::make_unique<CurlTransfer>(options_, request, receiver, idle_);
    CURL* easy = transfer->easy();
    multi->add(easy);
    transfers_.emplace(easy, Running{std::move(transfer), &*multi});
  }

  int poll(std::chrono::milliseconds longest) override {
    for (const auto& [easy, running] : transfers_) {
      if (running.transfer->rests()) longest = std::min(longest, resting_poll);
    }
    wait(longest);
    const auto now = std::chrono::steady_clock::now();
    for (auto& multi : multis_) {
      if (multi && multi->due() <= now) multi->on_time();
    }
    if (polls()) multi_of(CurlMulti::Kind::polled)->perform();
    finish_ended();
    end_stalled();
    return static_cast<int>(transfers_.size());
  }

  bool has_waited() const override { return has_waited_; }

  void stop(Receiver& receiver) override { stop(receiver, false); }
  void stop_and_close(Receiver& receiver) override { stop(receiver, true); }

  void wake() override { sockets_.wake(); }

 private:
  struct Running {
    std::unique_ptr<CurlTransfer> transfer;
    CurlMulti* multi;
  };

  std::optional<CurlMulti>& multi_of(CurlMulti::Kind kind) {
    return multis_.at(static_cast<std::size_t>(kind));
  }
  // Whether there is a transfer that nothing but looking at it moves.
  bool polls() {
    const auto& polled = multi_of(CurlMulti::Kind::polled);
    return polled && std::any_of(transfers_.begin(), transfers_.end(),
                                 [&](const auto& entry) { return entry.second.multi == &*polled; });
  }

  void stop(const Receiver& receiver, bool closes) {
    const auto place = std::find_if(transfers_.begin(), transfers_.end(), [&](const auto& entry) {
      return &entry.second.transfer->receiver() == &receiver;
    });
    if (place == transfers_.end()) return;
    if (closes) set(place->first, CURLOPT_FORBID_REUSE, 1L);
    place->second.multi->remove(place->first);
    transfers_.erase(place);
  }

  // Waits until something comes, and takes it.
  void wait(std::chrono::milliseconds longest) {
    const auto begin = std::chrono::steady_clock::now();
    for (const auto& [easy, running] : transfers_) {
      const auto left = options_.stall_timeout - running.transfer->idle();
      longest = std::min(longest, std::chrono::ceil<std::chrono::milliseconds>(left));
    }
    for (const auto& multi : multis_) {
      if (multi && multi->due())
        longest = std::min(longest, std::chrono::ceil<std::chrono::milliseconds>(*multi->due() - begin));
    }
    if (polls()) {
      multi_of(CurlMulti::Kind::polled)->wait(longest);
      longest = std::chrono::milliseconds(0);
    }
    std::array<epoll_event, 64> events{};
    const int count = ::epoll_wait(sockets_.fd().get(), events.data(), static_cast<int>(events.size()),
                                   std::max(0, static_cast<int>(longest.count())));
    if (count < 0 && errno != EINTR) throw base::SystemError("watch", "the network");
    const auto time = std::chrono::steady_clock::now() - begin;
    has_waited_ = time > shortest_wait;
    idle_ += time;
    for (int i = 0; i < count; ++i) {
      const auto& event = events.at(static_cast<std::size_t>(i));
      if (event.data.u64 == SocketSet::wake_data) {
        sockets_.clear_wake();
      } else {
        multis_.at(CurlMulti::number_of(event.data.u64))->on_event(event.data.u64, event.events);
      }
    }
  }

  // Only time spent in waiting counts for stalls: while the receivers work, no socket is read.
  void end_stalled() {
    std::vector<std::unique_ptr<CurlTransfer>> stalled;
    for (auto place = transfers_.begin(); place != transfers_.end();) {
      auto& running = place->second;
      if (running.transfer->idle() < options_.stall_timeout) {
        ++place;
        continue;
      }
      running.multi->remove(place->first);
      stalled.push_back(std::move(running.transfer));
      place = transfers_.erase(place);
    }
    for (const auto& transfer : stalled)
      transfer->give_up(fmt::format("nothing came for {} s", options_.stall_timeout.count()));
  }

  void finish_ended() {
    for (auto& multi : multis_) {
      while (const auto ended = multi ? multi->ended() : std::nullopt) {
        const auto place = transfers_.find(ended->first);
        const auto transfer = std::move(place->second.transfer);
        transfers_.erase(place);
        multi->remove(ended->first);
        transfer->finish(ended->second);
      }
    }
  }

  NetworkOptions options_;
  SocketSet sockets_;
  std::array<std::optional<CurlMulti>, 3> multis_;  ///< by kind, made when they are needed
  std::map<CURL*, Running> transfers_;
  bool has_waited_ = true;
  std::chrono::nanoseconds idle_{0};  ///< spent in waiting since the beginning
};

}  // namespace

std::unique_ptr<Network> make_curl_network(const NetworkOptions& options) {
  init_once();
  return std::make_unique<CurlNetwork>(options);
}

std::string curl_version_text() {
  const auto* info = ::curl_version_info(CURLVERSION_NOW);
  return fmt::format("libcurl {} ({})", info->version, info->ssl_version);
}

}  // namespace mrf::http
