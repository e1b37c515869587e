// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "record/record.h"

namespace mrf::record {

/// Where in a record its key is.
struct KeyForm {
  enum class Kind { tag, name, column, after };
  Kind kind = Kind::name;
  /// The two characters of a tag, or what the key comes after.
  std::string text;
  /// Counted from 1.
  std::size_t column = 1;
  /// At most so many characters of the key are used.
  std::size_t length = std::numeric_limits<std::size_t>::max();
};

/// The value of --key: tag:XX, name, column:K or after:TEXT, each with :LEN behind it if need be. Throws
/// UsageError.
KeyForm parse_key_form(const std::string& text);
/// What a record without the key lacks: "tag CB", "column 3".
std::string describe(const KeyForm& form);

/// Finds the key of one record after the other.
class KeyFinder {
 public:
  virtual ~KeyFinder() = default;
  /// Valid until the next call, and as long as `record` is. Nothing when the record has no such key.
  virtual std::optional<std::string_view> find(std::string_view record) = 0;
};

/// Throws UsageError when records of this form have no such key.
std::unique_ptr<KeyFinder> make_key_finder(const KeyForm& key, const RecordForm& form);

/// The name of a record for messages and to compare mates by: of a FASTQ or FASTA record without its first
/// character, of a BAM record its read name, else the first line; up to the first blank or tab, in each form
/// without /1 or /2 at the end.
std::string_view record_name(const RecordForm& form, std::string_view record);

/// Which mate of a pair a FASTQ or FASTA record says it is: 1 or 2 by /1 or /2 at the end of its name, or by
/// a comment that begins with "1:" or "2:" (as bcl2fastq writes it); 0 when it does not say.
int mate_number(const RecordForm& form, std::string_view record);

/// A number that depends on the bytes of the key only: XXH3, 64 bits, seed 0, of xxHash 0.8 on.
std::uint64_t key_hash(std::string_view key);
/// The library that hashes, with its version: "xxHash 0.8.1".
std::string key_hash_library();

}  // namespace mrf::record
