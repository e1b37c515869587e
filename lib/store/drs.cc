// SPDX-License-Identifier: MIT
#include "store/drs.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/error.h"
#include "base/lower_case.h"
#include "base/percent_encoding.h"

namespace mrf::store {

namespace {

using Json = nlohmann::json;

std::string text_of(const Json& object, const char* name) {
  const auto place = object.find(name);
  return place != object.end() && place->is_string() ? place->get<std::string>() : "";
}

Json parsed_object(const std::string& text, const std::string& name) {
  Json object = Json::parse(text, nullptr, false);
  if (!object.is_object()) throw base::DataError("use DRS object", name, "the server sends no JSON object");
  return object;
}

bool is_plain(const std::string& text) {
  return std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; });
}

// {"url": ..., "headers": ["Name: value"]}; some servers send the headers as an object.
DrsAccess access_of(const Json& object, const std::string& name) {
  DrsAccess access;
  access.url = text_of(object, "url");
  const auto headers = object.find("headers");
  if (headers != object.end() && headers->is_array()) {
    for (const auto& line : *headers) {
      if (line.is_string()) access.headers.push_back(line.get<std::string>());
    }
  } else if (headers != object.end() && headers->is_object()) {
    for (const auto& [key, value] : headers->items()) {
      if (value.is_string()) access.headers.push_back(key + ": " + value.get<std::string>());
    }
  }
  for (const auto& line : access.headers) {
    if (!is_plain(line) || line.find(':') == std::string::npos)
      throw base::DataError("use DRS object", name,
                            "a header for its access is not of the form 'Name: value'");
  }
  return access;
}

std::string with_escaped_slashes(const std::string& text) {
  std::string escaped;
  for (const char c : text) escaped += c == '/' ? std::string("%2F") : std::string(1, c);
  return escaped;
}

std::string scheme_of(const DrsAccess& access) {
  return base::lower_case(access.url.substr(0, access.url.find("://")));
}

// What a server signs comes before what needs credentials of one's own.
int rank(const DrsAccess& access) {
  const std::string scheme = scheme_of(access);
  if (scheme == "https") return 0;
  if (!access.id.empty()) return 1;
  if (scheme == "s3" || scheme == "gs") return 2;
  return scheme == "ftp" || scheme == "ftps" ? 3 : 4;
}

}  // namespace

http::Url drs_url(const http::Url& name, const std::string& access) {
  const auto refuse = [&](const std::string& reason) {
    throw base::Error(base::Status::refused, "fetch", name.shown(), reason);
  };
  const std::string& path = name.path();
  if (path.size() < 2) refuse("it names a server, and no object of it; the form is drs://HOST/ID");
  if (name.host().starts_with("dg."))
    refuse("a compact identifier does not name its server; use the form drs://HOST/ID");
  if (name.text().find('?') != std::string::npos) refuse("it has a query; the form is drs://HOST/ID");
  const std::string id = with_escaped_slashes(path.substr(1));
  const std::string port = name.port() == "443" ? "" : ":" + name.port();
  std::string url = "https://" + name.host() + port + "/ga4gh/drs/v1/objects/" + id;
  if (!access.empty()) url += "/access/" + with_escaped_slashes(base::percent_encoded_path(access));
  return http::Url::parse(url);
}

DrsObject parse_drs_object(const std::string& json, const std::string& name) {
  const Json object = parsed_object(json, name);
  DrsObject found;
  const auto size = object.find("size");
  if (size != object.end() && size->is_number_unsigned()) found.size = size->get<std::uint64_t>();
  found.name = text_of(object, "name");
  if (!is_plain(found.name)) found.name.clear();
  if (const auto list = object.find("checksums"); list != object.end() && list->is_array()) {
    for (const auto& one : *list) {
      if (!one.is_object()) continue;
      std::string type = base::lower_case(text_of(one, "type"));
      std::string value = text_of(one, "checksum");
      if (!value.empty() && is_plain(value) && value.find_first_of(", ") == std::string::npos)
        found.checksums.emplace_back(std::move(type), std::move(value));
    }
  }
  if (const auto list = object.find("contents"); list != object.end() && list->is_array())
    found.contents = list->size();
  if (const auto list = object.find("access_methods"); list != object.end() && list->is_array()) {
    for (const auto& method : *list) {
      if (!method.is_object()) continue;
      const auto url = method.find("access_url");
      DrsAccess access;
      if (url != method.end() && url->is_object()) access = access_of(*url, name);
      access.id = text_of(method, "access_id");
      found.has_plain_access |= scheme_of(access) == "http";
      if (rank(access) == 1) access.url.clear();
      if (rank(access) < 4) found.accesses.push_back(std::move(access));
    }
  }
  std::stable_sort(found.accesses.begin(), found.accesses.end(),
                   [](const auto& one, const auto& other) { return rank(one) < rank(other); });
  return found;
}

DrsAccess parse_drs_access(const std::string& json, const std::string& name) {
  DrsAccess access = access_of(parsed_object(json, name), name);
  if (access.url.empty()) throw base::DataError("use DRS object", name, "its access has no URL");
  return access;
}

std::string drs_name_field(const DrsObject& object) {
  if (object.name.empty()) return "";
  return "Content-Disposition: attachment; filename*=UTF-8''" +
         with_escaped_slashes(base::percent_encoded_path(object.name));
}

std::string drs_checksum_field(const DrsObject& object) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 8> names{{{"sha-256", "sha-256"},
                                                                                {"sha256", "sha-256"},
                                                                                {"sha-512", "sha-512"},
                                                                                {"sha512", "sha-512"},
                                                                                {"md5", "md5"},
                                                                                {"sha-1", "sha"},
                                                                                {"sha1", "sha"},
                                                                                {"crc32c", "crc32c"}}};
  std::string field;
  for (const auto& [type, value] : object.checksums) {
    for (const auto& [said, known] : names) {
      if (type == said) field += std::string(field.empty() ? "" : ",") + std::string(known) + "=" + value;
    }
  }
  return field.empty() ? "" : "DRS-Checksum: " + field;
}

}  // namespace mrf::store
