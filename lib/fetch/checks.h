// SPDX-License-Identifier: MIT
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "fetch/coverage.h"
#include "fetch/integrity.h"
#include "fetch/object_output.h"

namespace mrf::fetch {

struct CheckOptions {
  std::optional<Expectation> expectation;  ///< the user's; else the server's is used
  bool none = false;                       ///< nothing is verified, as the user wishes
  bool required = false;                   ///< unverified data is bad data
  std::uint64_t s3_part_size = 0;          ///< bytes; 0 is to be found out
  unsigned threads = 2;                    ///< for digests; 0: the calling thread
};

/// Which bytes of an object came, and whether they are the right ones.
class Checks {
 public:
  explicit Checks(CheckOptions options) : options_(std::move(options)) {}

  /// Forgets everything and starts with a response's head. `object` is the name in messages. Throws
  /// DataError when a checksum is required and there is none, when the user's counts parts that the object
  /// cannot have, and when the server's speaks of another form of the object than the one that it sends.
  void begin(const http::ResponseHead& head, std::optional<std::uint64_t> total, const std::string& object,
             BytesAtHand bytes);
  /// Nothing is there any more.
  void forget();
  /// Bytes that stand at `at` now, in any thread. Returns how many are there from byte 0 on.
  std::uint64_t add(std::uint64_t at, std::string_view bytes);
  /// The bytes before this one are not needed any more.
  std::uint64_t needed_from() const;
  /// True when bytes are read again for a digest.
  bool reads_again() const;
  /// Throws DataError "cannot verify", also when the bytes stay unverified and a checksum is required.
  void verify();

  std::vector<ByteRange> runs() const;
  std::uint64_t bytes() const;
  /// What the bytes were verified by: "x-goog-hash crc32c"; "" when they are unverified.
  std::string verified_by() const { return verified_by_; }
  /// Why they are unverified; "" when that is what the user wants.
  std::string doubt() const { return doubt_; }

 private:
  Offer offered(const http::ResponseHead& head, std::optional<std::uint64_t> total) const;
  void doubt(const std::string& reason);

  CheckOptions options_;
  std::string object_;
  std::optional<Integrity> integrity_;
  mutable std::mutex mutex_;
  Coverage coverage_;
  std::string verified_by_;
  std::string doubt_;
};

}  // namespace mrf::fetch
