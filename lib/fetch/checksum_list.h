// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "fetch/digest.h"
#include "fetch/expectation.h"

namespace mrf::fetch {

/// A line of md5sum(1), sha1sum(1), sha256sum(1) or sha512sum(1).
struct ChecksumLine {
  std::optional<Expectation> expectation;  ///< nothing when the line is none
  std::string name;                        ///< of the file, as it is on disk
  std::string fault;  ///< what is wrong with a line that looks like one; "" when nothing is
};

/// Reads a line without its newline: "HEX  NAME" and "HEX *NAME" of GNU coreutils, with a backslash in front
/// when the name has escapes (\\, \n, \r); one blank or tab is enough between the two. "MD5 (NAME) = HEX" of
/// BSD and of --tag, "SHA2-256(NAME)= HEX" of openssl-dgst(1), the value also in base64. The digits may be of
/// either case. The length of HEX is that of MD5, SHA-1, SHA-256 or SHA-512. A carriage return at the end is
/// no part of the line.
ChecksumLine parse_checksum_line(std::string_view line);

/// The line that md5sum(1) and its kin write for a file, with a newline. `digest` is the bytes of the hash.
std::string checksum_line(std::string_view digest, const std::string& name);

/// The kind of checksums that --write-checksums writes to a file of that name: MD5 when the last component of
/// `path` has "md5" in it, in either case, else SHA-256.
DigestKind kind_of_checksum_file(const std::string& path);

}  // namespace mrf::fetch
