// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fetch/digest.h"
#include "fetch/expectation.h"
#include "fetch/object_output.h"

namespace mrf::fetch {

/// Which bytes of an object are there, with the CRC of each run of them: runs that touch become one.
class Coverage {
 public:
  using Combine = std::uint32_t (*)(std::uint32_t, std::uint32_t, std::uint64_t);

  struct Run {
    std::uint64_t end;
    std::uint32_t crc;
  };

  /// `combine` joins the CRCs of two neighbours; null when there are none. Runs do not become one across the
  /// multiples of `grid` bytes, unless that is 0.
  explicit Coverage(Combine combine = nullptr, std::uint64_t grid = 0) : combine_(combine), grid_(grid) {}

  /// Bytes [begin, end) came, none of which was there before.
  void add(std::uint64_t begin, std::uint64_t end, std::uint32_t crc = 0);

  /// The bytes before this one are all there.
  std::uint64_t prefix() const;
  std::uint64_t bytes() const { return bytes_; }
  /// The CRC of the run that begins at byte 0; of no bytes it is 0.
  std::uint32_t prefix_crc() const;
  /// The runs [begin, end), in order.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> runs() const;
  /// The same with their CRCs, by their beginnings.
  const std::map<std::uint64_t, Run>& map() const { return runs_; }

 private:
  bool is_border(std::uint64_t at) const { return grid_ != 0 && at % grid_ == 0; }

  Combine combine_;
  std::uint64_t grid_;
  std::map<std::uint64_t, Run> runs_;
  std::uint64_t bytes_ = 0;
};

/// Checks one object against one expectation while its bytes arrive: CRCs piece by piece in any order,
/// digests behind the bytes that are there without a gap.
class Integrity {
 public:
  /// `total` bytes; nothing when unknown. `s3_part_size` 0 is to be found out. With `threads` 0 everything
  /// happens in the calling thread. Messages do not advise against verifying when a checksum is `required`.
  Integrity(Expectation expectation, std::optional<std::uint64_t> total, std::uint64_t s3_part_size,
            unsigned threads, BytesAtHand bytes, bool required = false);

  /// The CRC of a piece that Coverage is to join with combine(); 0 and null when none is needed.
  std::uint32_t crc_of(std::string_view bytes) const;
  Coverage::Combine combine() const;

  /// The bytes before `frontier` are there.
  void advance(std::uint64_t frontier);
  /// The bytes before this one are not needed any more.
  std::uint64_t needed_from() const;
  /// Why the bytes are not, or not known to be, the expected ones; "" when they are. Once.
  std::string fault(const Coverage& coverage);
  /// Throws DataError "cannot verify" when the bytes are not the expected ones, or a server's ETag of several
  /// parts, which does not say their size, fits no usual size. `name` is the object's.
  void verify(const Coverage& coverage, const std::string& name);

  const Expectation& expectation() const { return expectation_; }

 private:
  using PartEnds = std::vector<std::uint64_t>;

  void start_hasher(const std::vector<PartEnds>& candidates);
  PartEnds ends_of(std::uint64_t part_size) const;
  std::string joined(const std::vector<std::string>& digests, std::size_t candidate) const;
  std::string verify_multipart(std::uint64_t total);

  Expectation expectation_;
  std::uint64_t s3_part_size_;
  unsigned threads_;
  BytesAtHand bytes_;
  bool required_;
  std::uint64_t total_ = 0;
  bool are_parts_known_ = false;                  ///< the store names their sizes, or there is one
  std::vector<std::uint64_t> untried_;            ///< part sizes, for later
  std::vector<std::vector<std::size_t>> ranges_;  ///< of each candidate: its ranges in the hasher
  std::unique_ptr<RangeHasher> hasher_;
};

/// Why the file at `path` is not what `expectation` says, "" when it is. `s3_part_size` in bytes, 0 to be
/// found out. Reads the file in the calling thread, once, or twice when it has
/// to try part sizes. Throws SystemError, Interrupted, and Stopped when `is_stopped`, asked from time to
/// time, says so.
std::string fault_of_file(const std::string& path, const Expectation& expectation, std::uint64_t s3_part_size,
                          const std::function<bool()>& is_stopped = {});

struct CheckOptions {
  std::optional<Expectation> expectation;  ///< the user's; else the server's is used
  bool none = false;                       ///< nothing is verified, as the user wishes
  bool required = false;                   ///< unverified data is bad data
  std::uint64_t s3_part_size = 0;          ///< bytes; 0 is to be found out
  std::optional<std::uint64_t> size{};     ///< bytes that the object is to have
  std::optional<DigestKind> record{};      ///< a digest of the bytes that is wanted besides
  unsigned threads = 2;                    ///< for digests; 0: the calling thread
};

/// The digest that an expectation names, nothing for a CRC and an ETag of several parts.
std::optional<DigestKind> digest_of_expectation(const Expectation& expectation);

/// Which bytes of an object came, and whether they are the right ones.
class Checks {
 public:
  explicit Checks(CheckOptions options) : options_(std::move(options)) {}

  /// Forgets everything and starts with a response's head. `object` is the name in messages. Throws
  /// DataError when a checksum is required and there is none, when the user's counts parts that the object
  /// cannot have, when the server's speaks of another form of the object than the one that it sends, and for
  /// another size than it is to have.
  void begin(const http::ResponseHead& head, std::optional<std::uint64_t> total, const std::string& object,
             BytesAtHand bytes);
  /// Nothing is there any more.
  void forget();
  /// After begin(): the bytes come in any order and are not there afterwards, which is too little for a
  /// digest. Throws DataError when that is the user's, or a checksum is required; else the data stays
  /// unverified.
  void do_without_order();
  /// Bytes that stand at `at` now, in any thread. Returns how many are there from byte 0 on.
  std::uint64_t add(std::uint64_t at, std::string_view bytes);
  /// Bytes of the object that are not added yet.
  struct Run {
    std::uint64_t begin = 0;
    std::uint64_t end = begin;
    std::uint32_t crc = 0;  ///< of the kind that crc_is_crc32c() tells
  };
  /// `bytes` stand behind the run. Any thread.
  void extend(Run& run, std::string_view bytes) const;
  std::uint64_t add(const Run& run);
  /// Whether the CRC of a run is its CRC-32C.
  bool crc_is_crc32c() const;
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
  /// The bytes of the digest that is recorded, after verify(); "" when none is.
  std::string digest() const { return digest_; }

 private:
  void require_size(std::uint64_t bytes) const;
  void begin_checks(const http::ResponseHead& head, std::optional<std::uint64_t> total, unsigned threads,
                    BytesAtHand bytes);
  ExpectationResult expected(const http::ResponseHead& head, std::optional<std::uint64_t> total) const;
  void doubt(const std::string& reason);

  CheckOptions options_;
  std::string object_;
  std::optional<Integrity> integrity_;
  std::unique_ptr<RangeHasher> recorder_;  ///< of a digest that integrity_ does not compute
  mutable std::mutex mutex_;
  Coverage coverage_;
  std::string verified_by_;
  std::string doubt_;
  std::string digest_;
};

}  // namespace mrf::fetch
