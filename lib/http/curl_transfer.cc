// SPDX-License-Identifier: MIT
#include "http/curl_transfer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <initializer_list>

#include "base/environment.h"
#include "base/error.h"
#include "base/percent_encoding.h"
#include "base/redact.h"
#include "base/upper_case.h"
#include "http/no_proxy.h"
#include "io/fd.h"

namespace mrf::http {

namespace {

// The receive buffer of transfers that share connections, of which there are many.
constexpr std::size_t small_receive_buffer = 64 << 10;
constexpr int switching_protocols = 101;
constexpr int proxy_wants_user = 407;
constexpr const char* line_is_too_long = "a line in the head of the response is longer than 100 KB";

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

#if LIBCURL_VERSION_NUM < 0x075500
// libcurl takes the names of protocols from 7.85 on, before that their bits.
constexpr struct ProtocolNames {
} CURLOPT_PROTOCOLS_STR;
void set_curl(CURL* easy, ProtocolNames, std::string_view names) {
  constexpr std::pair<std::string_view, long> all[] = {
      {"http", CURLPROTO_HTTP}, {"https", CURLPROTO_HTTPS}, {"ftp", CURLPROTO_FTP}, {"ftps", CURLPROTO_FTPS}};
  long bits = 0;
  while (!names.empty()) {
    const auto name = names.substr(0, names.find(','));
    for (const auto& [known, bit] : all) bits |= name == known ? bit : 0;
    names.remove_prefix(std::min(names.size(), name.size() + 1));
  }
  http::set_curl(easy, CURLOPT_PROTOCOLS, bits);
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
    case CURLE_BAD_FUNCTION_ARGUMENT:
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
  return has_any(said, {"certificate verification failed", "signer not trusted", "local issuer",
                        "self-signed", "self signed"});
}

// Whether libcurl would take parts of the path away, unless it is told to leave the path as it is.
bool has_dot_segment(std::string_view path) {
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::string segment = base::percent_decoded(path.substr(0, path.find('/')));
    if (segment == "." || segment == "..") return true;
    path.remove_prefix(std::min(path.find('/'), path.size()));
  }
  return false;
}

bool is_of_descriptors(int error_number) { return error_number == EMFILE || error_number == ENFILE; }

// Why a few more files cannot be opened, 0 when they can: libcurl and the resolver of names do not tell.
int lack_of_descriptors() {
  std::array<io::Fd, 4> some;
  for (io::Fd& fd : some) {
    fd = io::Fd(io::adopt_fd, ::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!fd.is_open() && is_of_descriptors(errno)) return errno;
  }
  return 0;
}

bool has_memory() {
  constexpr std::size_t some = 1 << 20;
  return std::unique_ptr<char[]>(new (std::nothrow) char[some]) != nullptr;
}

// On a connection that was used before: bytes behind the body of an earlier answer.
bool is_other_protocol(std::string_view said) { return said.starts_with("Received HTTP/0.9"); }

}  // namespace

CurlTransfer::CurlTransfer(const NetworkOptions& options, const Request& request, Receiver& receiver,
                           const Idle& idle, Easy used)
    : easy_(std::move(used)),
      receiver_(receiver),
      scheme_(request.url.scheme()),
      host_(request.url.host()),
      is_https_(request.url.is_https()),
      is_ftp_(request.url.is_ftp()),
      is_plain_(is_plain(options, request)),
      idle_(idle),
      idle_at_last_(idle.load()) {
  const bool is_new = !easy_;
  if (is_new) easy_.reset(::curl_easy_init());
  if (!easy_) throw std::bad_alloc();
  CURL* easy = easy_.get();
  for (const auto& line : request.headers) {
    curl_slist* longer = ::curl_slist_append(headers_.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    (void)headers_.release();
    headers_.reset(longer);
  }
  set_curl(easy, CURLOPT_URL, request.url.text().c_str());
  set_curl(easy, CURLOPT_HTTPHEADER, headers_.get());
  set_curl(easy, CURLOPT_ERRORBUFFER, error_);
  set_curl(easy, CURLOPT_PRIVATE, this);
  set_curl(easy, CURLOPT_HEADERDATA, this);
  set_curl(easy, CURLOPT_WRITEDATA, this);
  set_curl(easy, CURLOPT_OPENSOCKETDATA, this);
  if (is_new) set_all(options, request);
}

// What plain transfers have in common, and what others have besides.
void CurlTransfer::set_all(const NetworkOptions& options, const Request& request) {
  CURL* easy = easy_.get();
  set_authority(request, options.netrc);
  set_curl(easy, CURLOPT_HEADERFUNCTION, &CurlTransfer::take_header);
  set_curl(easy, CURLOPT_WRITEFUNCTION, &CurlTransfer::take_body);
  set_curl(easy, CURLOPT_OPENSOCKETFUNCTION, &CurlTransfer::open_socket);
  set_curl(easy, CURLOPT_NOSIGNAL, 1L);
  set_curl(easy, CURLOPT_BUFFERSIZE,
           static_cast<long>(request.shares_connection ? small_receive_buffer : options.receive_buffer));
  // A request waits until it is known whether it can share a connection.
  if (request.shares_connection && is_https_) set_curl(easy, CURLOPT_PIPEWAIT, 1L);
  set_curl(easy, CURLOPT_PROTOCOLS_STR, "http,https,ftp,ftps");
  if (request.method == Method::head) set_curl(easy, CURLOPT_NOBODY, 1L);
  if (request.method == Method::put) set_curl(easy, CURLOPT_CUSTOMREQUEST, "PUT");
  if (request.method == Method::post) {
    set_curl(easy, CURLOPT_POSTFIELDSIZE, static_cast<long>(request.form.size()));
    set_curl(easy, CURLOPT_COPYPOSTFIELDS, request.form.c_str());
  }
  if (request.goes_direct) set_curl(easy, CURLOPT_PROXY, "");
  // libcurl 8 signs no path that it is told to leave as it is.
  if (!request.signature || has_dot_segment(request.url.path())) set_curl(easy, CURLOPT_PATH_AS_IS, 1L);
  set_curl(easy, CURLOPT_USERAGENT, options.user_agent.c_str());
  set_curl(easy, CURLOPT_CONNECTTIMEOUT, static_cast<long>(options.connect_timeout.count()));
  set_tls_and_proxy(options);
  if (is_ftp_) set_ftp(options, request.url);
}

bool CurlTransfer::is_plain(const NetworkOptions& options, const Request& request) {
  return request.shares_connection && request.method == Method::get && request.url.scheme() == "http" &&
         request.url.credentials().empty() && !request.signature && !request.goes_direct && !options.netrc;
}

Easy CurlTransfer::release() {
  if (!is_plain_ || !is_complete_) return nullptr;
  CURL* easy = easy_.get();
  set_curl(easy, CURLOPT_HTTPHEADER, static_cast<curl_slist*>(nullptr));
  set_curl(easy, CURLOPT_ERRORBUFFER, static_cast<char*>(nullptr));
  return std::move(easy_);
}

// libcurl reads a file of FTP no further than to the size that it asks for itself, and takes any answer for a
// number. So it is left to read to the end, and the size is asked for by a command, which may be refused.
void CurlTransfer::set_ftp(const NetworkOptions& options, const Url& url) {
  CURL* easy = easy_.get();
  const std::string command = fmt::format("*SIZE {}", url.last_component());
  commands_.reset(::curl_slist_append(nullptr, command.c_str()));
  if (!commands_) throw std::bad_alloc();
  set_curl(easy, CURLOPT_PREQUOTE, commands_.get());
  set_curl(easy, CURLOPT_IGNORE_CONTENT_LENGTH, 1L);
  // The network gives up first.
  constexpr std::int64_t longest = 1'000'000;
  set_curl(easy, CURLOPT_FTP_RESPONSE_TIMEOUT,
           static_cast<long>(std::min<std::int64_t>(options.stall_timeout.count(), longest) + 5));
}

// The access key may hold a colon, so it is no part of CURLOPT_USERPWD. A "ftp" URL stays as it is, without
// TLS.
void CurlTransfer::set_authority(const Request& request, bool netrc) {
  CURL* easy = easy_.get();
  if (request.signature) {
    require_signing(request.url);
    const AwsSignature& by = *request.signature;
    set_curl(easy, CURLOPT_AWS_SIGV4, fmt::format("aws:amz:{}:s3", by.region).c_str());
    set_curl(easy, CURLOPT_USERNAME, by.access_key.c_str());
    set_curl(easy, CURLOPT_PASSWORD, by.secret_key.c_str());
    return;
  }
  const std::string& credentials = request.url.credentials();
  const bool has_password = !credentials.empty() && credentials.find(':') + 1 < credentials.size();
  if (!has_password && netrc && request.is_trusted) {
    set_curl(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_OPTIONAL));
    if (!credentials.empty()) set_curl(easy, CURLOPT_URL, with_user(request.url).c_str());
  } else if (!credentials.empty()) {
    set_curl(easy, CURLOPT_USERPWD, credentials.c_str());
  }
}

void CurlTransfer::set_tls_and_proxy(const NetworkOptions& options) {
  CURL* easy = easy_.get();
  set_curl(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  // A directory of certificates would be read in full for each connection, beside the file that has them all.
  if (!options.ca_file.empty() || ::curl_version_info(CURLVERSION_NOW)->cainfo != nullptr) {
    set_curl(easy, CURLOPT_CAPATH, static_cast<const char*>(nullptr));
    set_curl(easy, CURLOPT_PROXY_CAPATH, static_cast<const char*>(nullptr));
  }
  if (options.ca_file.empty()) return;
  set_curl(easy, CURLOPT_CAINFO, options.ca_file.c_str());
  set_curl(easy, CURLOPT_PROXY_CAINFO, options.ca_file.c_str());
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
  on_sign_of_life();
  head_is_over_ = true;
  return receiver_.on_head(head_);
}

// The sizes that a server says: "213 NUMBER" in answer to SIZE, else "150 ... (NUMBER bytes)" when it begins.
void CurlTransfer::take_reply(std::string_view line) {
  reply_ = trimmed(line);
  const std::string_view reply = reply_;
  if (reply.starts_with("213 ")) {
    file_size_ = parse_number(trimmed(reply.substr(4)));
  } else if (reply.starts_with("150 ") && !file_size_) {
    const auto begin = reply.rfind('(');
    const auto end = reply.rfind(" bytes)");
    if (begin < end && end != std::string_view::npos)
      file_size_ = parse_number(reply.substr(begin + 1, end - begin - 1));
  }
}

// FTP has no response head. The receiver gets the size of the file as the head of an HTTP response.
bool CurlTransfer::begin_file() {
  head_.add_line("HTTP/1.1 200 OK");
  if (file_size_) head_.add_line(fmt::format("Content-Length: {}", *file_size_));
  head_is_over_ = true;
  return receiver_.on_head(head_);
}

// The whole file came, and its server, or what is between, has forgotten the connection that was silent
// meanwhile.
bool CurlTransfer::lacks_only_last_reply() const {
  return is_ftp_ && reply_.starts_with('1') && file_size_ && *file_size_ == file_bytes_ && head_is_over_;
}

std::size_t CurlTransfer::take_header(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  const std::string_view line(data, size * count);
  // A proxy fetches the file; later lines are those of an FTP server.
  if (transfer.is_ftp_ && transfer.reply_.empty() && line.starts_with("HTTP/")) {
    transfer.is_ftp_ = false;
    set_curl(transfer.easy(), CURLOPT_IGNORE_CONTENT_LENGTH, 0L);
  }
  if (transfer.is_ftp_) {
    transfer.on_sign_of_life();
    return transfer.guarded(line.size(), [&] {
      transfer.take_reply(line);
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
  if (transfer.is_ftp_ || transfer.head_.is_success()) transfer.on_sign_of_life();
  if (!transfer.head_is_over_) {
    if (!transfer.is_ftp_) return 0;  // in another protocol than HTTP
    if (transfer.guarded(1, [&] { return transfer.begin_file(); }) == 0) return 0;
  }
  if (!transfer.receiver_.has_room(bytes.size())) {
    transfer.refused_ = bytes.size();
    return CURL_WRITEFUNC_PAUSE;
  }
  transfer.file_bytes_ += bytes.size();
  return transfer.guarded(bytes.size(), [&] { return transfer.receiver_.on_body(bytes); });
}

curl_socket_t CurlTransfer::open_socket(void* self, curlsocktype /*purpose*/, curl_sockaddr* address) {
  const int socket = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (socket < 0) static_cast<CurlTransfer*>(self)->socket_error_ = errno;
  return socket < 0 ? CURL_SOCKET_BAD : socket;
}

bool CurlTransfer::rests() {
  if (refused_ == 0) return false;
  on_sign_of_life();
  if (!receiver_.has_room(refused_)) return true;
  refused_ = 0;
  (void)::curl_easy_pause(easy_.get(), CURLPAUSE_CONT);  // an error ends the transfer
  return refused_ != 0;
}

bool CurlTransfer::asks_again(CURLcode code) {
  constexpr unsigned most = 20;
  if (head_.status() != 0 || asked_again_ == most) return false;
  long connects = 0;
  ::curl_easy_getinfo(easy_.get(), CURLINFO_NUM_CONNECTS, &connects);
  const bool is_used_up = code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING ||
                          is_other_protocol(error_);
  if (!is_used_up || (connects != 0 && !std::string_view(error_).starts_with("Connection died")))
    return false;
  ++asked_again_;
  error_[0] = '\0';
  return true;
}

void CurlTransfer::finish(CURLcode code) {
  if (thrown_) std::rethrow_exception(thrown_);
  is_complete_ = code == CURLE_OK;
  if (is_ftp_ && code == CURLE_OK && !head_is_over_ && !begin_file()) stopped_ = true;  // an empty file
  if (code == CURLE_OUT_OF_MEMORY) {
    // libcurl says the same of a line that is too long for it. Where there is memory it is that.
    if (head_is_over_ || !has_memory()) throw std::bad_alloc();
    receiver_.on_end({Ending::Kind::malformed, line_is_too_long});
    return;
  }
  receiver_.on_end(ending_of(code));
}

void CurlTransfer::give_up(const std::string& reason) {
  receiver_.on_end({Ending::Kind::interrupted, reason});
}

bool CurlTransfer::is_named_in_no_proxy() const {
  constexpr unsigned first_with_networks = 0x075600;
  const std::string lower = base::environment("no_proxy");
  return is_without_proxy(host_, lower.empty() ? base::environment("NO_PROXY") : lower,
                          ::curl_version_info(CURLVERSION_NOW)->version_num >= first_with_networks);
}

// The setting that names the proxy for this transfer, "" when none does. Programs behind a web server get
// HTTP_PROXY from a header of the request, so that nobody reads it.
std::string CurlTransfer::proxy_setting() const {
  if (is_named_in_no_proxy()) return "";
  const std::string own = scheme_ + "_proxy";
  for (const std::string& name : {own, scheme_ == "http" ? own : base::upper_case(own),
                                  std::string("all_proxy"), std::string("ALL_PROXY")}) {
    if (!base::environment(name.c_str()).empty()) return name;
  }
  return "";
}

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
  if (status != proxy_wants_user) return "";
  const std::string setting = proxy_setting();
  if (setting.empty()) return "";
  return fmt::format(
      "the proxy '{}' does not accept this user (HTTP {}); {} may have a name and a password in front of its "
      "host",
      base::redact_url(base::environment(setting.c_str())), proxy_wants_user, setting);
}

Ending CurlTransfer::ending_of(CURLcode code) const {
  const std::string_view said(error_);
  if (head_.is_too_long() || has_any(said, {"Too large response headers", "Too many response headers"}))
    return {Ending::Kind::malformed, "the head of the response is too long"};
#if LIBCURL_VERSION_NUM >= 0x080600
  if (code == CURLE_TOO_LARGE && !head_is_over_) return {Ending::Kind::malformed, line_is_too_long};
#endif
  if (const std::string reason = proxy_refusal(); !reason.empty()) return {Ending::Kind::refused, reason};
  if (head_.status() == switching_protocols && !head_is_over_)
    return {Ending::Kind::failed, "the server turns to another protocol, unasked (HTTP 101)"};
  if (stopped_) return {Ending::Kind::stopped, ""};
  if (code != CURLE_OK && head_.status() == 0) {
    const int lack = is_of_descriptors(socket_error_) ? socket_error_ : lack_of_descriptors();
    if (lack != 0) return {Ending::Kind::failed, base::error_text(lack)};
  }
  if (code == CURLE_OK && !head_is_over_)
    return {Ending::Kind::interrupted, "the server closed the connection within the head of its response"};
  if (is_proxy_wrong(code))
    return {Ending::Kind::failed,
            "a proxy setting (http_proxy, https_proxy, all_proxy) names no proxy of a known kind"};
  if (has_any(said, {"sigv4 authentication with path-as-is"}))
    return {Ending::Kind::failed, "this libcurl does not sign a path that has '.' or '..' between slashes"};
  if (is_other_protocol(said))
    return {Ending::Kind::failed, "the server does not answer in HTTP; is it one for https?"};
  if (code == CURLE_OK || lacks_only_last_reply()) return {};
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

}  // namespace mrf::http
