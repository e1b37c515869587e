// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "http/network.h"

namespace mrf::store {

/// Where the bytes of an object are, and what the request for them has to have.
struct DrsAccess {
  std::string url;                   ///< https, s3, gs, ftp; "" when `id` has to be asked for
  std::vector<std::string> headers;  ///< "Name: value", secrets among them
  std::string id;                    ///< "" when there is none
};

/// An object of the Data Repository Service of the GA4GH, version 1.
struct DrsObject {
  std::optional<std::uint64_t> size;
  std::string name;
  std::vector<std::pair<std::string, std::string>> checksums;  ///< types and hexadecimal values
  std::vector<DrsAccess> accesses;                             ///< the best first
  bool has_plain_access = false;                               ///< one by http, which is not among them
  std::size_t contents = 0;                                    ///< of a bundle: its objects
};

/// The URL of the object that drs://HOST/ID names, https://HOST/ga4gh/drs/v1/objects/ID; with an `access`,
/// the URL which tells where that access leads. Throws Error (Status::refused) for a compact identifier,
/// drs://PREFIX:ID, whose host only a registry knows.
http::Url drs_url(const http::Url& name, const std::string& access = "");

/// What a server answers to these. Throws DataError with `name` when it is not that. Headers with line ends
/// are bad data.
DrsObject parse_drs_object(const std::string& json, const std::string& name);
DrsAccess parse_drs_access(const std::string& json, const std::string& name);

/// The checksums as a field "DRS-Checksum: sha-256=...,md5=...", "" when there are none.
std::string drs_checksum_field(const DrsObject& object);
/// The name as a field Content-Disposition (RFC 6266), "" when there is none.
std::string drs_name_field(const DrsObject& object);

}  // namespace mrf::store
