// SPDX-License-Identifier: MIT
#include "fetch/expectation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/error.h"

namespace mrf::fetch {

namespace {

using Kind = Expectation::Kind;

std::size_t length_of(Kind kind) {
  switch (kind) {
    case Kind::crc32c:
    case Kind::crc32:
      return 4;
    case Kind::crc64nvme:
      return 8;
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

const char* name_of(Kind kind) {
  switch (kind) {
    case Kind::crc64nvme:
      return "CRC-64/NVME";
    case Kind::crc32c:
      return "CRC-32C";
    case Kind::crc32:
      return "CRC-32";
    case Kind::md5:
    case Kind::multipart:
      return "MD5";
    case Kind::sha1:
      return "SHA-1";
    case Kind::sha256:
      return "SHA-256";
    case Kind::sha512:
      return "SHA-512";
  }
  return "";
}

// The first checksum that can be read, and what is wrong with the first one that cannot.
class Search {
 public:
  void read(Kind kind, std::string_view text, const std::string& source) {
    if (found_) return;
    found_ = hash_of(kind, text, source);
    if (!found_) object(source, text, fmt::format("is no {}", name_of(kind)));
  }
  // The hash of the hashes of parts.
  void read_parts(Kind kind, std::string_view text, std::uint64_t parts, std::vector<std::uint64_t> sizes,
                  const std::string& source) {
    read(kind, text, source);
    if (!found_ || found_->source != source) return;
    found_->part_kind = std::exchange(found_->kind, Kind::multipart);
    found_->parts = parts;
    found_->part_sizes = std::move(sizes);
  }
  void object(const std::string& source, std::string_view text, const std::string& fault) {
    constexpr std::size_t most_shown = 100;
    object(fmt::format("{} '{}' {}", source, text.substr(0, most_shown), fault));
  }
  void object(const std::string& fault) {
    if (fault_.empty()) fault_ = fault;
  }

  const std::optional<Expectation>& found() const { return found_; }
  const std::string& fault() const { return fault_; }

 private:
  std::optional<Expectation> found_;
  std::string fault_;
};

using Algorithm = std::pair<const char*, Kind>;
enum class Syntax {
  plain,
  byte_sequence,  // :BASE64: and parameters (RFC 8941, 3.3.5 and 3.1.2)
};

// NAME=VALUE, separated by commas, in one field or in several. `algorithms`: the best one first.
void read_list(Search& search, const http::ResponseHead& head, const std::string& field_name,
               const std::vector<Algorithm>& algorithms, Syntax syntax) {
  std::vector<std::pair<std::string_view, std::string_view>> members;
  const auto fields = head.fields(field_name);
  for (const std::string_view field : fields) {
    for (std::size_t at = 0; at <= field.size();) {
      const auto end = std::min(field.find(',', at), field.size());
      const auto member = http::trimmed(field.substr(at, end - at));
      const auto equals = std::min(member.find('='), member.size());
      members.emplace_back(member.substr(0, equals), member.substr(std::min(equals + 1, member.size())));
      at = end + 1;
    }
  }
  const bool names_algorithm = field_name == "x-goog-hash" || field_name == "DRS-Checksum";
  bool is_any_known = false;
  for (const auto& [name, kind] : algorithms) {
    for (const auto& [key, value] : members) {
      if (!http::equal_names(key, name)) continue;
      is_any_known = true;
      const std::string source = names_algorithm ? fmt::format("{} {}", field_name, name) : field_name;
      const auto close = value.find(':', 1);
      if (syntax == Syntax::plain) {
        search.read(kind, value, source);
      } else if (!value.starts_with(':') || close == std::string_view::npos) {
        search.object(source, value, fmt::format("is no {} between colons", name_of(kind)));
      } else {
        search.read(kind, value.substr(1, close - 1), source);
      }
    }
  }
  if (!is_any_known && !fields.empty())
    search.object(field_name, fields.front(), "names no algorithm that getm-fetch knows");
}

// Bytes of the parts of an upload, as lib/store finds them out.
std::vector<std::uint64_t> part_sizes_of(const http::ResponseHead& head) {
  std::vector<std::uint64_t> sizes;
  const std::string field = head.field("S3-Part-Sizes").value_or("");
  for (std::size_t at = 0; at < field.size();) {
    const auto end = std::min(field.find(',', at), field.size());
    const auto size = http::parse_number(http::trimmed(std::string_view(field).substr(at, end - at)));
    if (!size || *size == 0) return {};
    sizes.push_back(*size);
    at = end + 1;
  }
  return sizes;
}

// Why lib/store has not found them out; "" when it has, or was not asked.
std::string parts_fault_of(const http::ResponseHead& head) {
  return head.field("S3-Part-Sizes-Fault").value_or("");
}

// Why a checksum of parts is of no use.
std::string fault_of_parts(const http::ResponseHead& head, bool has_sizes) {
  if (has_sizes) return "is a checksum of parts, and does not say of how many";
  const std::string fault = parts_fault_of(head);
  return fault.empty() ? "is a checksum of parts, whose sizes are not known"
                       : "is a checksum of parts, whose sizes the store does not tell: " + fault;
}

// A COMPOSITE one is that of the parts' checksums, not of the data; so is one that ends in their number.
void read_amazon_checksum(Search& search, const http::ResponseHead& head) {
  const bool is_composite = http::equal_names(head.field("x-amz-checksum-type").value_or(""), "COMPOSITE");
  const auto sizes = part_sizes_of(head);
  constexpr std::array kinds{
      std::pair{"x-amz-checksum-crc64nvme", Kind::crc64nvme},
      std::pair{"x-amz-checksum-crc32c", Kind::crc32c}, std::pair{"x-amz-checksum-crc32", Kind::crc32},
      std::pair{"x-amz-checksum-sha256", Kind::sha256}, std::pair{"x-amz-checksum-sha1", Kind::sha1}};
  for (const auto& [name, kind] : kinds) {
    const auto value = head.field(name);
    if (!value) continue;
    const auto dash = value->rfind('-');
    const auto parts = dash == std::string::npos
                           ? std::nullopt
                           : http::parse_number(std::string_view(*value).substr(dash + 1));
    if (!parts && !is_composite) {
      search.read(kind, *value, name);
    } else if (parts.value_or(0) > 0 && !sizes.empty()) {
      search.read_parts(kind, std::string_view(*value).substr(0, dash), *parts, sizes, name);
    } else {
      search.object(fmt::format("{} {}", name, fault_of_parts(head, !sizes.empty())));
    }
  }
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
  if (found->kind == Kind::multipart) {
    found->part_sizes = part_sizes_of(head);
    found->parts_fault = parts_fault_of(head);
  }
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
  const std::vector<Algorithm> digests{{"sha-256", Kind::sha256}, {"sha-512", Kind::sha512}};
  Search search;
  read_list(search, head, "DRS-Checksum",
            {{"sha-256", Kind::sha256},
             {"sha-512", Kind::sha512},
             {"md5", Kind::md5},
             {"sha", Kind::sha1},
             {"crc32c", Kind::crc32c}},
            Syntax::plain);
  read_list(search, head, "x-goog-hash", {{"crc32c", Kind::crc32c}, {"md5", Kind::md5}}, Syntax::plain);
  if (head.is_whole()) read_amazon_checksum(search, head);
  read_list(search, head, "Repr-Digest", digests, Syntax::byte_sequence);
  if (head.is_whole()) {
    read_list(search, head, "Content-Digest", digests, Syntax::byte_sequence);
    // RFC 3230, 4.3.2, and RFC 5843
    auto old_digests = digests;
    old_digests.insert(old_digests.end(), {{"sha", Kind::sha1}, {"md5", Kind::md5}});
    read_list(search, head, "Digest", old_digests, Syntax::plain);
    if (const auto value = head.field("Content-MD5")) search.read(Kind::md5, *value, "Content-MD5");
  }
  if (search.found()) return {search.found(), ""};
  auto etag = s3_etag(head);
  if (!etag.expectation && !search.fault().empty()) etag.reason = search.fault();
  return etag;
}

std::string digest_fault(const Expectation& expectation, std::string_view found) {
  const std::string parts =
      expectation.kind == Kind::multipart ? fmt::format("-{}", expectation.parts) : std::string();
  // A list of b2sum(1) has nothing that tells it from one of sha512sum(1).
  const bool may_be_blake2 = expectation.kind == Kind::sha512 && expectation.is_users;
  return fmt::format("{} is {}{}, but the data has {}{}{}", expectation.source, to_hex(expectation.value),
                     parts, to_hex(found), parts,
                     may_be_blake2 ? "; if the value is a BLAKE2 of b2sum, verify it with b2sum -c" : "");
}

std::string size_fault(std::uint64_t expected, std::uint64_t found) {
  return fmt::format("it is to have {} bytes, but has {}", expected, found);
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

std::optional<Expectation> expectation_by_length(std::string_view text, std::string source) {
  std::optional<Expectation> found;
  for (const Kind kind : {Kind::md5, Kind::sha256, Kind::sha1, Kind::sha512, Kind::crc32c}) {
    if (!found) found = hash_of(kind, text, source);
  }
  if (!found) found = etag_hash(text, std::move(source));
  if (found) found->is_users = true;
  return found;
}

std::string kind_text(const Expectation& expectation) {
  return expectation.kind == Kind::multipart ? "S3 ETag" : name_of(expectation.kind);
}

}  // namespace mrf::fetch
