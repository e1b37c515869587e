// SPDX-License-Identifier: MIT
#include "http/url.h"

#include <curl/curl.h>

#include <algorithm>
#include <memory>
#include <new>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/lower_case.h"
#include "base/percent_encoding.h"
#include "base/redact.h"
#include "http/response_head.h"

namespace mrf::http {

namespace {

struct HandleDeleter {
  void operator()(CURLU* handle) const { ::curl_url_cleanup(handle); }
};
using Handle = std::unique_ptr<CURLU, HandleDeleter>;

Handle make_handle() {
  Handle handle(::curl_url());
  if (!handle) throw std::bad_alloc();
  return handle;
}

std::string part(const Handle& handle, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (::curl_url_get(handle.get(), which, &text, flags) != CURLUE_OK) return "";
  const std::unique_ptr<char, decltype(&::curl_free)> owner(text, &::curl_free);
  return text;
}

// Why the text cannot be used, or nothing. What a server names may only be http or https.
std::optional<std::string> set(const Handle& handle, const std::string& text, bool is_servers) {
  constexpr unsigned flags =
      CURLU_URLENCODE | CURLU_ALLOW_SPACE | CURLU_PATH_AS_IS | CURLU_NON_SUPPORT_SCHEME;
  if (const auto code = ::curl_url_set(handle.get(), CURLUPART_URL, text.c_str(), flags); code != CURLUE_OK)
    return ::curl_url_strerror(code);
  if (text.find(":///") != std::string::npos && text.find(":///") < text.find('?')) return "it has no host";
  const std::string scheme = part(handle, CURLUPART_SCHEME);
  if (scheme == "http" || scheme == "https") return std::nullopt;
  if (is_servers) return "neither http nor https";
  if (scheme == "ftp" || scheme == "ftps" || scheme == "drs") return std::nullopt;
  return "none of http, https, ftp, ftps, s3, gs, drs";
}

bool is_bucket(std::string_view text) {
  constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_";
  return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos;
}

bool is_plain_path(std::string_view text) {
  constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
  return text.starts_with('/') && text.find_first_not_of(plain) == std::string_view::npos;
}

// In user:p@ss@host the first '@' may end the password.
std::string hint_of_at_sign(const std::string& text) {
  const auto begin = text.find("://") + 3;
  const auto authority = std::string_view(text).substr(begin, text.find_first_of("/?#", begin) - begin);
  return authority.find('@') == authority.rfind('@') ? "" : "; in a user name or password '@' is written %40";
}

// libcurl takes ";type=" anywhere in the path of FTP, and a path without a file for a directory, of which it
// brings the list.
std::string ftp_file_path(const std::string& path, const std::string& shown) {
  const auto refuse = [&](const std::string& reason) { throw base::UsageError("use URL", shown, reason); };
  const auto type = path.find(";type=");
  const std::string kind = path.substr(std::min(type, path.size()));
  if (!kind.empty() && base::lower_case(kind) != ";type=i")
    refuse("of the transfer types of FTP only ';type=i' is of use, which is the default");
  std::string file = path.substr(0, type);
  const std::string decoded = base::percent_decoded(file);
  if (std::any_of(decoded.begin(), decoded.end(), [](unsigned char c) { return c < 0x20; }))
    refuse("its path has control characters");
  if (decoded.empty() || decoded.ends_with('/'))
    refuse("it names a directory: the URL does not end in a file name");
  return file;
}

}  // namespace

// Of the URLs of a list most are on one server. libcurl takes a path of plain characters as it stands, so
// that the place has to be parsed once only.
std::optional<Url> Url::beside_last(const std::string& text) {
  const auto& [place, url] = last_;
  if (!url || !text.starts_with(place) || !is_plain_path(std::string_view(text).substr(place.size())))
    return std::nullopt;
  Url beside = *url;
  beside.path_ = text.substr(place.size());
  beside.text_ = text;
  return beside;
}

void Url::remember(const std::string& text, const Url& url) {
  const bool is_of_web = url.scheme_ == "http" || url.scheme_ == "https";
  if (!is_of_web || url.text_ != text || !text.ends_with(url.path_) || !is_plain_path(url.path_)) return;
  last_ = {text.substr(0, text.size() - url.path_.size()), url};
}

// Nothing in a key is special: '?' and '#' belong to it, '%' is no escape.
Url Url::parse_key(const std::string& text) {
  Url url;
  const auto begin = text.find("://") + 3;
  const auto slash = std::min(text.find('/', begin), text.size());
  url.scheme_ = text.substr(0, 2);
  url.host_ = text.substr(begin, slash - begin);
  url.path_ = text.substr(slash);
  url.text_ = text;
  const auto refuse = [&](const std::string& reason) {
    throw base::UsageError("use URL", base::redact_url(text), reason);
  };
  if (!is_bucket(url.host_)) refuse("it names no bucket: it has the form " + url.scheme_ + "://BUCKET/KEY");
  if (url.path_.size() < 2) refuse("it names a bucket, and no object in it");
  if (url.path_.find('\0') != std::string::npos) refuse("it has a zero byte");
  return url;
}

thread_local std::pair<std::string, std::optional<Url>> Url::last_;

Url Url::parse(const std::string& text) {
  if (auto url = beside_last(text)) return *std::move(url);
  const Handle handle = make_handle();
  if (text.find("://") == std::string::npos)
    throw base::UsageError("use URL", base::redact_url(text),
                           "it starts with none of http://, https://, ftp://, ftps://, s3://, gs://, drs://");
  if (const auto scheme = base::lower_case(text.substr(0, 5)); scheme == "s3://" || scheme == "gs://")
    return parse_key(scheme + text.substr(scheme.size()));
  if (const auto reason = set(handle, text, false)) {
    const bool is_compact = text.starts_with("drs://") && text.find('/', 6) == std::string::npos;
    throw base::UsageError("use URL", base::redact_url(text),
                           is_compact
                               ? "a compact identifier does not name its server; the form is drs://HOST/ID"
                               : *reason + hint_of_at_sign(text));
  }
  Url url;
  url.scheme_ = part(handle, CURLUPART_SCHEME);
  url.host_ = part(handle, CURLUPART_HOST);
  url.port_ = part(handle, CURLUPART_PORT, CURLU_DEFAULT_PORT);
  if (url.scheme_ == "drs" && url.port_.empty()) url.port_ = "443";
  url.path_ = part(handle, CURLUPART_PATH);
  if (url.is_ftp()) {
    url.path_ = ftp_file_path(url.path_, base::redact_url(text));
    if (::curl_url_set(handle.get(), CURLUPART_PATH, url.path_.c_str(), 0) != CURLUE_OK)
      throw std::bad_alloc();
  }
  if (text.find_first_of("@#") != std::string::npos) {
    const std::string user = part(handle, CURLUPART_USER, CURLU_URLDECODE);
    const std::string password = part(handle, CURLUPART_PASSWORD, CURLU_URLDECODE);
    url.had_userinfo_ = !user.empty() || !password.empty();
    if (!user.empty()) url.credentials_ = user + ":" + password;
    for (const auto which : {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS, CURLUPART_FRAGMENT})
      ::curl_url_set(handle.get(), which, nullptr, 0);
  }
  url.text_ = part(handle, CURLUPART_URL);
  remember(text, url);
  return url;
}

// libcurl from 8 on removes "." and ".." from a path behind this host, whatever it is told.
Url Url::resolve(const std::string& location) const {
  const Handle handle = make_handle();
  const bool is_path = location.starts_with('/') && !location.starts_with("//");
  const std::string origin = text_.substr(0, text_.find_first_of("/?", text_.find("://") + 3));
  auto reason = set(handle, text_, true);
  if (!reason) reason = set(handle, is_path ? origin + location : location, true);
  if (reason)
    throw base::Error(base::Status::refused, "follow redirection to", base::redact_url(location), *reason);
  return parse(part(handle, CURLUPART_URL));
}

std::string Url::shown() const {
  std::string text = text_;
  if (had_userinfo_) text.insert(scheme_.size() + 3, ":@");  // its end may be in doubt
  return base::redact_url(text);
}

std::string Url::last_component() const {
  std::string last = path_.substr(path_.find_last_of('/') + 1);
  if (scheme_ == "s3" || scheme_ == "gs") return last;
  const std::string decoded = base::percent_decoded(last);
  return decoded.substr(decoded.find_last_of('/') + 1);
}

bool Url::trusts(const Url& other) const {
  if (!equal_names(host_, other.host_)) return false;
  if (scheme_ == other.scheme_) return port_ == other.port_;
  return other.is_https() && port_ == "80" && other.port_ == "443";
}

}  // namespace mrf::http
