// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "record/record.h"

namespace mrf::record {

/// Whole records at the front of a piece of a stream.
struct Span {
  std::size_t bytes = 0;
  std::uint64_t records = 0;
};

/// Finds where the records of one input end. What take() returns is gone for the framer: the next call is to
/// begin with the first byte after it. What is left must stay in front of that next call's bytes, of which
/// there may be fewer; it is not looked at again, so that a record of any length costs one pass. Where a
/// record is ended by what begins the next one (fasta, start), take() returns it when that has been seen.
class Framer {
 public:
  virtual ~Framer() = default;
  /// As many whole records at the front of `bytes` as there are, at most `max_records`. Throws DataError
  /// that gives the record's number, counted from 1, when it is malformed.
  virtual Span take(std::string_view bytes, std::uint64_t max_records) = 0;
  /// The same for `bytes`, at least one record, that are known to be whole records: the last one needs
  /// nothing behind it.
  virtual Span split(std::string_view bytes, std::uint64_t max_records) { return take(bytes, max_records); }
  /// The front of a record whose end is not in `bytes`, of which take() has found no whole record: so many
  /// bytes, fewer than all, may go ahead of the rest. 0 where a record must be seen whole.
  virtual std::size_t take_part(std::string_view) { return 0; }
  /// The input ends after `tail`, which take() has seen and left and which is not empty. Returns what has to
  /// be appended to make it a record: the missing newline or NUL, or nothing. Throws DataError when more is
  /// missing.
  virtual std::string_view complete(std::string_view tail) = 0;
};

/// `input_name` is for the messages. `bam` is for the records of an uncompressed BAM stream, behind its
/// header (SAM specification, section 4.2).
std::unique_ptr<Framer> make_framer(const RecordForm& form, std::string input_name);

}  // namespace mrf::record
