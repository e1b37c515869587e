// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace mrf::record {

/// What stands at the top of an input and is no record.
struct HeaderForm {
  enum class Kind {
    lines,         ///< the lines that start with `prefix` if it is not empty, else the first `lines` lines
    sam,           ///< the header lines of SAM text
    possible_sam,  ///< lines that look like those of SAM, in front of lines that may be anything
    bam,           ///< the header of a BAM stream (SAM specification, section 4.2)
  };
  std::string prefix;
  std::uint64_t lines = 0;
  Kind kind = Kind::lines;

  /// Whether there is a header at all.
  bool is_named() const { return kind != Kind::lines || !prefix.empty() || lines > 0; }
};

inline HeaderForm sam_header() { return {"@", 0, HeaderForm::Kind::sam}; }
inline HeaderForm possible_sam_header() { return {"@", 0, HeaderForm::Kind::possible_sam}; }
inline HeaderForm bam_header() { return {"", 0, HeaderForm::Kind::bam}; }

/// How many bytes at the front of a line tell whether it is a header line of SAM.
inline constexpr std::size_t sam_header_front = 4;

/// Whether a line begins as the header lines of SAM do (SAM specification, section 1.3): '@', two letters,
/// and a tab unless `line`, which may be the front of one, ends there.
bool is_sam_header_line(std::string_view line);

/// Whether a header line is one in which bcftools has left its command and the date,
/// "##bcftools_viewCommand=...; Date=...", as it does without --no-version.
bool is_bcftools_command(std::string_view line);

/// Finds the header of one input, however its bytes arrive, in one pass over them. Every program takes this
/// class's word for what a header is.
///
/// Text: the header of SAM is the lines at the top that begin with '@' (SAM specification, section 1.3). Read
/// names cannot begin with '@' (section 1.4), but BAM can hold such names, and as text their records look
/// like header lines. So a line that begins with '@' and has the eleven fields of a record, with numbers
/// where a record has them, is neither: it is bad data, wherever it stands, and so is any line that begins
/// with '@' behind the first record. Where it is not known that the text is SAM (Kind::possible_sam), a
/// header line is '@', two letters, a tab, and anything.
///
/// BAM: magic, text and reference sequences, each name with its NUL.
class HeaderReader {
 public:
  /// `input_name` is for messages, "cannot `verb` 'input_name': ...".
  HeaderReader(HeaderForm form, std::string input_name, std::string verb = "read");

  /// How many bytes at the front of `bytes` are header: whole lines, or the whole of a BAM header. The caller
  /// takes them away and shows what is left again with more behind it. With `at_end` nothing follows
  /// `bytes`, and a last line may lack its newline. Throws DataError for a BAM header that is malformed or
  /// cut off, and for a SAM record whose name begins with '@'.
  std::size_t take(std::string_view bytes, bool at_end);
  /// Whether what follows is no header; always after a call with `at_end`.
  bool is_over() const { return over_; }
  /// How many lines of text the header has so far.
  std::uint64_t lines() const { return lines_seen_; }

 private:
  enum class Belongs { no, yes, unknown };
  /// Of a BAM header, what begins at scanned_.
  enum class Part { magic, text, count, reference };

  std::size_t take_lines(std::string_view bytes, bool at_end);
  Belongs belongs(std::string_view rest, bool at_end) const;
  std::size_t take_bam(std::string_view bytes, bool at_end);
  bool find_bam_end(std::string_view bytes);
  bool skip_magic(std::string_view bytes);
  bool skip_reference(std::string_view bytes);
  bool read_size(std::string_view bytes, std::size_t& size) const;
  [[noreturn]] void fail(const std::string& reason) const;

  HeaderForm form_;
  std::string input_name_;
  std::string verb_;
  std::uint64_t lines_seen_ = 0;
  std::size_t scanned_ = 0;  // of the bytes at the front, so many are known
  Part part_ = Part::magic;
  std::size_t references_left_ = 0;
  bool over_ = false;
};

/// For outputs that are joined byte for byte: finds one that begins with a header of alignments or variants
/// when an earlier one did, compressed with gzip or not. Joined, that header would stand between records,
/// where no reader expects it.
class RepeatedHeaders {
 public:
  /// So many first bytes of an output are enough for find(); most outputs need far fewer.
  static constexpr std::size_t front_size = 1024;
  /// Whether `front`, the first bytes of an output, is enough for find().
  static bool is_enough(std::string_view front);
  /// Whether both begin with a header of the same format, and so the one may have it from the other.
  static bool are_alike(std::string_view front, std::string_view other);

  /// Looks at `front`, which is_enough() or is the whole of an output, for which `phrase` stands in messages:
  /// "that for chunk 0 did". Returns the phrase of an earlier output with a header of the same format that,
  /// with SAM as text, has the same first line or, as this one has, records behind the header; "" when there
  /// is none. Texts of header lines alone, each with its own, are lines like any others, and so are reads of
  /// FASTQ whose names look like header lines, and records that end with a NUL.
  std::string find(std::string_view front, const std::string& phrase);
  /// The same where nothing is found, since `front` is that of data compressed with bzip2, xz or zstd, which
  /// is not inflated. For outputs of filters that were given a header each: the second such output gets a
  /// message with what to do, any other "". `outputs` is what all are called: "the outputs of bash".
  std::string doubt(std::string_view front, const std::string& outputs);
  /// What an output is, and what to do: "it begins with a header of SAM, as EARLIER: ...". `earlier` is what
  /// find() has returned; the options are those of the program for SAM and for BAM.
  static std::string fault(std::string_view front, std::string_view earlier, std::string_view sam_option,
                           std::string_view bam_option);

 private:
  std::map<std::string, std::string> phrases_;  // by the first line, or the format
  std::string with_records_;                    // the first one with records of SAM behind its header
  unsigned not_inflated_ = 0;
};

/// The part of a whole BAM header that lists the reference sequences.
std::string_view bam_references(std::string_view header);

/// Where two headers differ, for a message: "they differ in line 2: '@PG...' where that has '@PG...'", of at
/// most 100 bytes each, with what to do about a @PG line and one of bcftools. Of BAM the texts are compared.
/// Either may be cut off at its end. Empty when no text differs.
std::string header_difference(std::string_view header, std::string_view other);

/// Throws DataError for a line that begins with '@' and is no header line: it has the shape of a record, or
/// stands behind the first record. `record` is the number, from 1, of the record that should be there; `line`
/// may have more behind its newline.
[[noreturn]] void refuse_header_line(std::string_view line, std::uint64_t record,
                                     const std::string& input_name, const std::string& verb = "read");

}  // namespace mrf::record
