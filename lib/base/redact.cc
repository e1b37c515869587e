// SPDX-License-Identifier: MIT
#include "base/redact.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/lower_case.h"
#include "base/percent_encoding.h"

namespace mrf::base {

namespace {

// Parts of the names of query parameters that are secret: those of Amazon, Google, Azure, CloudFront, Akamai,
// and of data repositories.
constexpr std::array secret_parts{"sig",        "token",  "secret", "pass",   "pwd",
                                  "credential", "auth",   "key",    "policy", "session",
                                  "jwt",        "cookie", "hmac",   "hdnt",   "hdnea"};
// Whole names that are secret. As parts of longer names they say nothing.
constexpr std::array<std::string_view, 3> secret_names{"pw", "st", "code"};

// A value of any other parameter looks like a secret when it has so many letters and digits, both of them, in
// a row. The values of `open_names` are shown, since they say which object it is.
constexpr std::size_t least_secret = 20;
constexpr std::array<std::string_view, 4> open_names{"versionid", "generation", "etag", "accession"};

constexpr std::array<std::string_view, 7> schemes{"http://", "https://", "ftp://", "ftps://",
                                                  "s3://",   "gs://",    "drs://"};

bool is_secret(std::string_view parameter) {
  const std::string name = lower_case(percent_decoded(parameter));
  return std::find(secret_names.begin(), secret_names.end(), name) != secret_names.end() ||
         std::any_of(secret_parts.begin(), secret_parts.end(),
                     [&](const char* part) { return name.find(part) != std::string::npos; });
}

bool is_open(std::string_view parameter) {
  const std::string name = lower_case(percent_decoded(parameter));
  return std::find(open_names.begin(), open_names.end(), name) != open_names.end();
}

bool looks_secret(std::string_view value) {
  std::size_t letters = 0;
  std::size_t digits = 0;
  for (const char c : percent_decoded(value)) {
    const bool is_digit = c >= '0' && c <= '9';
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    digits = is_digit ? digits + 1 : is_letter ? digits : 0;
    letters = is_letter ? letters + 1 : is_digit ? letters : 0;
    if (letters > 0 && digits > 0 && letters + digits >= least_secret) return true;
  }
  return false;
}

bool names_secret(std::string_view query) {
  while (!query.empty()) {
    const auto end = std::min(query.find_first_of("?&;"), query.size());
    const auto equals = query.find('=');
    if (equals < end && is_secret(query.substr(0, equals))) return true;
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return false;
}

// A URL as the value of a parameter brings its own secrets, under as many encodings as it went through hands.
bool carries_secret(std::string value) {
  constexpr int most_encodings = 4;
  for (int i = 0; i < most_encodings; ++i) {
    if (names_secret(value)) return true;
    if (value.find("://") != std::string::npos && value.find('@') != std::string::npos) return true;
    std::string decoded = percent_decoded(value);
    if (decoded == value) return false;
    value = std::move(decoded);
  }
  return true;
}

std::string redact_query(std::string_view query) {
  std::string shown;
  while (!query.empty()) {
    const auto end = std::min(query.find_first_of("&;"), query.size());
    const auto parameter = query.substr(0, end);
    const auto equals = parameter.find('=');
    const auto name = parameter.substr(0, equals);
    const auto value = parameter.substr(equals == std::string_view::npos ? 0 : equals + 1);
    const bool has_name = equals != std::string_view::npos;
    const bool hide = (has_name && (is_secret(name) || carries_secret(std::string(value)))) ||
                      (looks_secret(value) && !(has_name && is_open(name)));
    shown +=
        hide ? std::string(has_name ? parameter.substr(0, equals + 1) : "") + "..." : std::string(parameter);
    if (end < query.size()) shown += query[end];
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return shown;
}

// Parameters may also stand behind a ';' of a path.
std::string redact_path(std::string_view path) {
  std::string shown;
  while (!path.empty()) {
    const auto end = std::min(path.find('/', 1), path.size());
    const auto part = path.substr(0, end);
    const auto mark = std::min(part.find(';'), part.size());
    shown += part.substr(0, mark);
    if (mark < part.size() && part.find('=', mark) != std::string_view::npos) {
      shown.append(";").append(redact_query(part.substr(mark + 1)));
    } else {
      shown += part.substr(mark);
    }
    path.remove_prefix(end);
  }
  return shown;
}

}  // namespace

std::string redact_url(std::string_view text) {
  const auto scheme = text.find("://");
  const auto begin = scheme == std::string_view::npos ? 0 : scheme + 3;
  const auto end_of = [&](const char* ends) {
    return std::min(text.find_first_of(ends, begin), text.size());
  };
  const bool is_key = is_store_key(text);
  if (!is_key && text.find_first_of("?#;@") == std::string_view::npos) return std::string(text);
  const auto authority = text.substr(begin, end_of(is_key ? "/" : "/?#") - begin);
  const bool is_clear =
      begin > 0 && !authority.empty() && authority.find_first_of(":@") == std::string_view::npos;
  if (is_key && is_clear) {  // has no fragment; what looks like a query may have been one
    const auto mark = std::min(text.find('?'), text.size());
    if (mark == text.size()) return std::string(text);
    return std::string(text.substr(0, mark + 1)) + redact_query(text.substr(mark + 1));
  }
  const auto path_end = end_of("?#");
  const auto at = text.substr(begin, path_end - begin).rfind('@');
  const bool has_no_end = is_key && at == std::string_view::npos && authority.find(':') != authority.npos;
  if (has_no_end || (!is_clear && text.find('@', path_end) != std::string_view::npos))
    return std::string(text.substr(0, begin)) + "...";
  const bool is_odd =
      at != std::string_view::npos && (is_key || at > authority.size() || text.substr(begin, at) == "...");
  std::string shown = std::string(text.substr(0, begin)) + (is_odd ? "...@" : "");
  text = text.substr(at == std::string_view::npos ? begin : begin + at + 1);
  text = text.substr(0, text.find('#'));
  const auto query = std::min(text.find('?'), text.size());
  shown += redact_path(text.substr(0, query));
  if (query < text.size()) shown.append("?").append(redact_query(text.substr(query + 1)));
  return shown;
}

bool is_url(std::string_view name) {
  return std::any_of(schemes.begin(), schemes.end(), [&](auto scheme) { return name.starts_with(scheme); });
}

bool is_store_key(std::string_view name) { return name.starts_with("s3://") || name.starts_with("gs://"); }

namespace {

std::string redact_answer_word(std::string_view word) {
  if (word.find("://") != std::string_view::npos) return redact_url(word);
  const auto mark = word.find('?');
  const auto query = mark == std::string_view::npos ? 0 : mark + 1;
  const bool has_parameter = word.find('=', query) != std::string_view::npos;
  std::string shown = has_parameter ? std::string(word.substr(0, query)) + redact_query(word.substr(query))
                                    : std::string(word);
  return looks_secret(shown) ? "..." : shown;
}

}  // namespace

// A comma also belongs to URLs, so that these are hidden before words are told apart by it.
std::string redact_answer(std::string_view answer) {
  const std::string without_urls = redact_words(answer);
  std::string_view text = without_urls;
  std::string shown;
  bool is_credential = false;
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of(" \t\r\n\"'<>,"), text.size());
    const auto word = text.substr(0, end);
    if (!word.empty()) {
      shown += is_credential ? "..." : redact_answer_word(word);
      const std::string scheme = lower_case(word);
      is_credential = scheme == "bearer" || scheme == "basic";
    }
    if (end < text.size()) shown += text[end];
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return shown;
}

std::string redact_name(std::string_view text) {
  return is_url(text) ? redact_url(text) : redact_words(text);
}

std::string redact_words(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of(" \"'<>"), text.size());
    const auto word = text.substr(0, end);
    shown += word.find("://") == std::string_view::npos ? std::string(word) : redact_url(word);
    if (end < text.size()) shown += text[end];
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return shown;
}

}  // namespace mrf::base
