// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/response_head.h"

namespace mrf::fetch {

/// What the bytes of an object are to hash to.
struct Expectation {
  enum class Kind {
    crc64nvme,
    crc32c,
    crc32,
    md5,
    sha1,
    sha256,
    sha512,
    multipart,  ///< the hash of the hashes of `parts` parts: an S3 ETag with "-N", a COMPOSITE checksum
  };
  Kind kind = Kind::md5;
  std::string value;           ///< the bytes of the hash; of a CRC the most significant first
  std::uint64_t parts = 0;     ///< of multipart
  std::string source;          ///< who says so: "x-goog-hash crc32c", "--checksum"
  bool is_users = false;       ///< the user says so, not the server
  Kind part_kind = Kind::md5;  ///< of multipart: of the parts, and of their hashes
  std::vector<std::uint64_t>
      part_sizes{};           ///< of multipart, as the store says: of all but the last, or of each
  std::string parts_fault{};  ///< why the store does not say them; "" when it was not asked
};

/// An expectation, or the reason why there is none.
struct ExpectationResult {
  std::optional<Expectation> expectation;
  std::string reason;
};

/// What a server says of the whole object: DRS-Checksum (lib/store), x-goog-hash (crc32c before md5),
/// x-amz-checksum-* (a COMPOSITE one when the sizes of the parts are known, S3-Part-Sizes), Repr-Digest,
/// Content-Digest (RFC 9530), Digest (RFC 3230), Content-MD5, and the ETag of an S3 server unless it cannot
/// be an MD5 (weak, SSE-KMS, SSE-C). Fields that may speak of a part are only believed in a response that is
/// the whole object. When none of them can be read, the reason shows the first one.
ExpectationResult expectation_of(const http::ResponseHead& head);

/// A checksum given by the user: algorithm md5, gs_crc32c, s3_etag or sha256, the value in hexadecimal or
/// base64. Throws UsageError.
Expectation parse_expectation(const std::string& algorithm, const std::string& value);

/// A hash of the kind that a text in hexadecimal or base64 has by its length: MD5, SHA-1, SHA-256, SHA-512 or
/// CRC-32C, with "-N" behind an MD5 an S3 ETag. Nothing when no kind fits.
std::optional<Expectation> expectation_by_length(std::string_view text, std::string source);

/// "MD5", "SHA-256", "S3 ETag".
std::string kind_text(const Expectation& expectation);

/// Why bytes that hash to `found` are not the expected ones: "--checksum is ..., but the data has ...".
std::string digest_fault(const Expectation& expectation, std::string_view found);
/// The same for their number.
std::string size_fault(std::uint64_t expected, std::uint64_t found);

/// True for the algorithm names of the command line and of manifests, "null" among them.
bool is_checksum_algorithm(const std::string& name);

/// Hexadecimal digits of bytes.
std::string to_hex(std::string_view bytes);
/// `bytes` bytes written in hexadecimal or base64; nothing when the text is neither.
std::optional<std::string> decode_hash(std::string_view text, std::size_t bytes);

}  // namespace mrf::fetch
