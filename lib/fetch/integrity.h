// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fetch/coverage.h"
#include "fetch/expectation.h"
#include "fetch/hash_pump.h"

namespace mrf::fetch {

/// Checks one object against one expectation while its bytes arrive: CRCs piece by piece in any order,
/// digests behind the bytes that are there without a gap.
class Integrity {
 public:
  /// `total` bytes; nothing when unknown. `s3_part_size` 0 is to be found out. With `threads` 0 everything
  /// happens in the calling thread.
  Integrity(Expectation expectation, std::optional<std::uint64_t> total, std::uint64_t s3_part_size,
            unsigned threads, BytesAtHand bytes);

  /// The CRC of a piece that Coverage is to join with combine(); 0 and null when none is needed.
  std::uint32_t crc_of(std::string_view bytes) const;
  Coverage::Combine combine() const;

  /// The bytes before `frontier` are there.
  void advance(std::uint64_t frontier);
  /// The bytes before this one are not needed any more.
  std::uint64_t needed_from() const;
  /// Why the bytes are not, or not known to be, the expected ones; "" when they are. Once.
  std::string fault(const Coverage& coverage);
  /// Throws DataError "cannot verify" when the bytes are not the expected ones. `name` is the object's.
  /// Returns why they are unverified, "" when they are verified: a server's ETag of several parts does not
  /// say their size, so that no size that fits is no proof of anything, unless the size or the ETag is the
  /// user's.
  std::string verify(const Coverage& coverage, const std::string& name);

  const Expectation& expectation() const { return expectation_; }

 private:
  void start_pump(const std::vector<std::uint64_t>& part_sizes);
  bool any_fits(const std::vector<std::string>& digests) const;
  std::string verify_multipart(std::uint64_t total);

  Expectation expectation_;
  std::uint64_t s3_part_size_;
  unsigned threads_;
  BytesAtHand bytes_;
  std::uint64_t total_ = 0;
  std::vector<std::uint64_t> untried_;            ///< part sizes, for later
  std::vector<std::vector<std::size_t>> ranges_;  ///< of each candidate: its ranges in the pump
  std::unique_ptr<HashPump> pump_;
};

}  // namespace mrf::fetch
