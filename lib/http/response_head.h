// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mrf::http {

/// "bytes FIRST-LAST/TOTAL" or "bytes */TOTAL" (RFC 9110, 14.4).
struct ContentRange {
  bool satisfied = false;  ///< false: first and last mean nothing
  std::uint64_t first = 0;
  std::uint64_t last = 0;  ///< inclusive
  std::optional<std::uint64_t> total;
};

/// Status and header fields of an HTTP response.
class ResponseHead {
 public:
  /// Takes a line as it comes from the network. A status line starts a new head. Of a head that is_too_long()
  /// no more is kept.
  void add_line(std::string_view line);
  /// A field that is known of the object from elsewhere, without control characters.
  void add_field(const std::string& name, const std::string& value) { fields_.emplace_back(name, value); }
  /// Forgets the fields of that name, which a server is not to say.
  void remove_fields(std::string_view name);
  /// More than 1 MiB, which no server has to say.
  bool is_too_long() const { return bytes_ > most_bytes; }

  int status() const { return status_; }
  bool is_success() const { return status_ >= 200 && status_ < 300; }
  /// HTTP/2 or later: the connection carries other responses, too, so that a response which rests is kept in
  /// memory.
  bool shares_connection() const { return shares_connection_; }
  /// The server's reason phrase, or the standard's (HTTP/2 sends none).
  std::string reason() const;
  /// The first field of that name (in any case), without surrounding blanks.
  std::optional<std::string> field(std::string_view name) const;
  /// All fields of that name, in order.
  std::vector<std::string> fields(std::string_view name) const;

  /// Bytes of the body; nothing when the server does not say, or when length_fault() tells that it makes no
  /// sense.
  std::optional<std::uint64_t> content_length() const;
  /// What is wrong with the Content-Length fields, "" when nothing is: all name one number of bytes that a
  /// file can have (RFC 9110, 8.6).
  std::string length_fault() const;
  /// Nothing when there is no such field or it is malformed or in another unit than bytes.
  std::optional<ContentRange> content_range() const;
  /// True when the body is the whole object: status 200, or 206 with a Content-Range from the first byte to
  /// the last.
  bool is_whole() const;
  /// True when a store has undone a content encoding on the way, so that the body is not the object that its
  /// checksums speak of (Google Cloud Storage, "decompressive transcoding").
  bool is_decoded() const;
  /// The entity tag when it is a strong one (RFC 9110, 8.8.3), with its quotes. One without a character
  /// between them tells no version from another.
  std::optional<std::string> strong_etag() const;
  /// The entity tag when it is a weak one, with its W/ and its quotes.
  std::optional<std::string> weak_etag() const;

 private:
  static constexpr std::size_t most_bytes = 1 << 20;

  int status_ = 0;
  bool shares_connection_ = false;
  std::string reason_;
  std::size_t bytes_ = 0;
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// A decimal number from 0 to 2^63 - 1, the size of the largest file, and nothing else.
std::optional<std::uint64_t> parse_number(std::string_view text);
/// `text` without blanks, tabs and line ends at both ends.
std::string_view trimmed(std::string_view text);
/// Compares ASCII text without regard to case.
bool equal_names(std::string_view one, std::string_view other);

}  // namespace mrf::http
