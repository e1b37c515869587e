// SPDX-License-Identifier: MIT
#include "fetch/expectation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"

namespace mrf::fetch {

namespace {

using Kind = Expectation::Kind;

std::size_t length_of(Kind kind) {
  switch (kind) {
    case Kind::crc32c:
    case Kind::crc32:
      return 4;
    case Kind::md5:
    case Kind::multipart:
      return 16;
    case Kind::sha1:
      return 20;
    case Kind::sha256:
      return 32;
    case Kind::sha512:
      return 64;
  }
  return 0;
}

std::optional<Expectation> hash_of(Kind kind, std::string_view text, std::string source) {
  auto bytes = decode_hash(text, length_of(kind));
  if (!bytes) return std::nullopt;
  return Expectation{kind, std::move(*bytes), 0, std::move(source), false};
}

std::optional<Expectation> etag_hash(std::string_view tag, std::string source) {
  if (tag.size() >= 2 && tag.starts_with('"') && tag.ends_with('"')) tag = tag.substr(1, tag.size() - 2);
  const auto dash = tag.find('-');
  const auto hex = tag.substr(0, dash);
  if (hex.size() != 32) return std::nullopt;
  auto found = hash_of(Kind::md5, hex, std::move(source));
  if (!found || dash == std::string_view::npos) return found;
  const auto parts = http::parse_number(tag.substr(dash + 1));
  if (!parts || *parts == 0) return std::nullopt;
  found->kind = Kind::multipart;
  found->parts = *parts;
  return found;
}

// "crc32c=n03x6A==,md5=Ojk9c3dhfxgoKVVHYwFbHQ==", in one field or in several.
std::optional<Expectation> google_hash(const http::ResponseHead& head) {
  for (const auto& [name, kind] : {std::pair{"crc32c=", Kind::crc32c}, std::pair{"md5=", Kind::md5}}) {
    for (const auto& field : head.fields("x-goog-hash")) {
      std::string_view rest = field;
      while (!rest.empty()) {
        const auto comma = rest.find(',');
        const auto entry = http::trimmed(rest.substr(0, comma));
        rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
        const std::string_view key = name;
        if (!entry.starts_with(key)) continue;
        auto found = hash_of(kind, entry.substr(key.size()),
                             fmt::format("x-goog-hash {}", key.substr(0, key.size() - 1)));
        if (found) return found;
      }
    }
  }
  return std::nullopt;
}

// A COMPOSITE one is that of the parts' checksums, not of the data.
std::optional<Expectation> amazon_checksum(const http::ResponseHead& head) {
  if (http::equal_names(head.field("x-amz-checksum-type").value_or(""), "COMPOSITE")) return std::nullopt;
  constexpr std::array kinds{
      std::pair{"x-amz-checksum-crc32c", Kind::crc32c}, std::pair{"x-amz-checksum-crc32", Kind::crc32},
      std::pair{"x-amz-checksum-sha256", Kind::sha256}, std::pair{"x-amz-checksum-sha1", Kind::sha1}};
  for (const auto& [name, kind] : kinds) {
    if (auto found = hash_of(kind, head.field(name).value_or(""), name)) return found;
  }
  return std::nullopt;
}

// A dictionary of byte sequences: sha-256=:BASE64:, sha-512=:BASE64: (RFC 9530, 2 and 3; RFC 8941, 3.2).
std::optional<Expectation> digest_field(const http::ResponseHead& head, const char* field_name) {
  for (const auto& field : head.fields(field_name)) {
    for (const auto& [name, kind] :
         {std::pair{"sha-256=:", Kind::sha256}, std::pair{"sha-512=:", Kind::sha512}}) {
      const auto at = field.find(name);
      if (at == std::string::npos) continue;
      const auto begin = at + std::string_view(name).size();
      const auto value = std::string_view(field).substr(begin, field.find(':', begin) - begin);
      if (auto found = hash_of(kind, value, field_name)) return found;
    }
  }
  return std::nullopt;
}

// sha-256=BASE64, sha-512=BASE64, md5=BASE64, the names in any case (RFC 3230, 4.3.2; RFC 5843).
std::optional<Expectation> old_digest(const http::ResponseHead& head) {
  for (const auto& [name, kind] : {std::pair{"sha-256", Kind::sha256}, std::pair{"sha-512", Kind::sha512},
                                   std::pair{"sha", Kind::sha1}, std::pair{"md5", Kind::md5}}) {
    for (const auto& field : head.fields("Digest")) {
      std::string_view rest = field;
      while (!rest.empty()) {
        const auto entry = http::trimmed(rest.substr(0, rest.find(',')));
        rest.remove_prefix(
            std::min(rest.size(), rest.find(',') == rest.npos ? rest.size() : rest.find(',') + 1));
        const auto equals = entry.find('=');
        if (equals == std::string_view::npos || !http::equal_names(entry.substr(0, equals), name)) continue;
        if (auto found = hash_of(kind, entry.substr(equals + 1), "Digest")) return found;
      }
    }
  }
  return std::nullopt;
}

bool is_s3(const http::ResponseHead& head) {
  return head.field("Server").value_or("") == "AmazonS3" || head.field("x-amz-request-id");
}

ExpectationResult s3_etag(const http::ResponseHead& head) {
  const auto tag = head.field("ETag");
  if (!tag || !is_s3(head)) return {std::nullopt, "the server names no checksum"};
  if (!head.strong_etag()) return {std::nullopt, "the ETag is weak"};
  const auto encryption = head.field("x-amz-server-side-encryption").value_or("AES256");
  if (encryption != "AES256" || head.field("x-amz-server-side-encryption-customer-algorithm"))
    return {std::nullopt, "the ETag of an object encrypted with a key is no MD5"};
  auto found = etag_hash(*tag, "ETag");
  if (!found) return {std::nullopt, "the ETag is no MD5"};
  return {std::move(found), ""};
}

}  // namespace

std::string to_hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

std::optional<std::string> decode_hash(std::string_view text, std::size_t bytes) {
  const bool hex = text.size() == 2 * bytes && !text.ends_with('=');
  if (!hex && text.size() != (bytes + 2) / 3 * 4) return std::nullopt;
  constexpr std::string_view base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  constexpr std::string_view digits = "0123456789abcdef";
  std::string decoded;
  std::uint32_t pending = 0;
  unsigned bits = 0;
  while (!hex && text.ends_with('=')) text.remove_suffix(1);
  for (const char c : text) {
    const auto value =
        hex ? digits.find(c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c) : base64.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits += hex ? 4 : 6;
    pending = (pending << (hex ? 4 : 6) | static_cast<std::uint32_t>(value)) & 0xffff;
    if (bits < 8) continue;
    bits -= 8;
    decoded += static_cast<char>(pending >> bits & 0xff);
  }
  if (decoded.size() != bytes) return std::nullopt;
  return decoded;
}

ExpectationResult expectation_of(const http::ResponseHead& head) {
  if (auto found = google_hash(head)) return {std::move(found), ""};
  const bool whole = head.status() == 200;
  if (whole) {
    if (auto found = amazon_checksum(head)) return {std::move(found), ""};
  }
  if (auto found = digest_field(head, "Repr-Digest")) return {std::move(found), ""};
  if (whole) {
    if (auto found = digest_field(head, "Content-Digest")) return {std::move(found), ""};
    if (auto found = old_digest(head)) return {std::move(found), ""};
    if (auto found = hash_of(Kind::md5, head.field("Content-MD5").value_or(""), "Content-MD5"))
      return {std::move(found), ""};
  }
  return s3_etag(head);
}

bool is_checksum_algorithm(const std::string& name) {
  return name == "md5" || name == "gs_crc32c" || name == "s3_etag" || name == "sha256" || name == "null";
}

Expectation parse_expectation(const std::string& algorithm, const std::string& value) {
  std::optional<Expectation> found;
  if (algorithm == "md5") found = hash_of(Kind::md5, value, "--checksum");
  if (algorithm == "gs_crc32c") found = hash_of(Kind::crc32c, value, "--checksum");
  if (algorithm == "sha256") found = hash_of(Kind::sha256, value, "--checksum");
  if (algorithm == "s3_etag") found = etag_hash(value, "--checksum");
  if (!found) throw base::UsageError("use checksum", value, fmt::format("it is no {}", algorithm));
  found->is_users = true;
  return std::move(*found);
}

}  // namespace mrf::fetch
