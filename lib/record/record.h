// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace mrf {

/// What one record of a stream is.
struct RecordForm {
  enum class Kind { line, lines, fastq, nul, fixed, bam };
  Kind kind = Kind::line;
  /// Lines a record for `lines`, bytes a record for `fixed`, else 1.
  std::uint64_t count = 1;
};

/// The value of --record: line, lines:K, fastq, nul, fixed:BYTES, bam. Throws UsageError.
RecordForm parse_record_form(const std::string& text);

/// Whole records at the front of a piece of a stream.
struct Run {
  std::size_t bytes = 0;
  std::uint64_t records = 0;
};

/// Finds where the records of one input end. What take() returns is gone for the framer: the next call is to
/// begin with the first byte after it. What is left must stay in front of that next call's bytes, of which
/// there may be fewer; it is not looked at again, so that a record of any length costs one pass.
class Framer {
 public:
  virtual ~Framer() = default;
  /// As many whole records at the front of `bytes` as there are, at most `max_records`. Throws DataError
  /// that gives the record's number, counted from 1, when it is malformed.
  virtual Run take(std::string_view bytes, std::uint64_t max_records) = 0;
  /// The front of a record whose end is not in `bytes`, of which take() has found no whole record: so many
  /// bytes, fewer than all, may go ahead of the rest. 0 where a record must be seen whole.
  virtual std::size_t take_part(std::string_view bytes);
  /// The input ends after `tail`, which take() has seen and left and which is not empty. Returns
  /// what makes it a record, the newline or NUL that is missing. Throws DataError when more is.
  virtual std::string_view complete(std::string_view tail) = 0;
};

/// `input_name` is for the messages. `bam` is for the records of an uncompressed BAM stream, behind its
/// header (SAM specification, section 4.2).
std::unique_ptr<Framer> make_framer(RecordForm form, std::string input_name);

}  // namespace mrf
