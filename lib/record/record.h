// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace mrf::record {

/// What one record of a stream is.
struct RecordForm {
  enum class Kind {
    line,
    lines,  ///< `count` lines
    sam,    ///< a line of SAM, behind the header: its name never begins with '@'
    fastq,  ///< four lines
    fasta,  ///< from a line that begins with '>' to the next one
    start,  ///< from a line that begins with `text` to the next one
    nul,
    fixed,  ///< `count` bytes
    bam
  };
  Kind kind = Kind::line;
  std::uint64_t count = 1;
  std::string text{};
};

/// The forms that --record takes, as messages and --help list them.
inline constexpr const char* record_form_names =
    "line, lines:K, fastq, fasta, start:TEXT, nul, fixed:BYTES or bam";

/// The value of --record. Throws UsageError.
RecordForm parse_record_form(const std::string& text);

/// Whether the records are arbitrary bytes, whose first ones say nothing about a compression: nul, fixed.
inline bool is_bytes(const RecordForm& form) {
  return form.kind == RecordForm::Kind::nul || form.kind == RecordForm::Kind::fixed;
}

/// Looks at the front of an input of `form`, not compressed any more: records of text are no BAM, CRAM, BCF,
/// bzip2, xz or zstd data, for which it throws DataError that says what to do. Returns false when `front` is
/// too short to tell and `at_end` is not set: it is to be called again with more.
bool check_text(std::string_view front, bool at_end, const RecordForm& form, const std::string& input_name);

/// Whether a number and a tab, or a tag, can stand in a record without hiding where it begins.
inline bool has_room_for_number(const RecordForm& form) {
  using Kind = RecordForm::Kind;
  return form.kind != Kind::fixed && form.kind != Kind::fasta && form.kind != Kind::start;
}

/// Throws UsageError when a file is to get records of `form` and its name says another format: .bam and .ubam
/// for anything but BAM, .sam for BAM, .cram and .bcf always. A FIFO or device may have any name.
void check_output_name(const std::string& path, const RecordForm& form);

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
  virtual std::size_t take_part(std::string_view bytes);
  /// The input ends after `tail`, which take() has seen and left and which is not empty. Returns
  /// what makes it a record, the newline or NUL that is missing, or nothing. Throws DataError when more is.
  virtual std::string_view complete(std::string_view tail) = 0;
};

/// `input_name` is for the messages. `bam` is for the records of an uncompressed BAM stream, behind its
/// header (SAM specification, section 4.2).
std::unique_ptr<Framer> make_framer(const RecordForm& form, std::string input_name);

}  // namespace mrf::record
