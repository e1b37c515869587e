// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
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

/// Whether the records are arbitrary bytes (fixed:N), which do not show by themselves whether they are
/// compressed.
inline bool is_bytes(const RecordForm& form) { return form.kind == RecordForm::Kind::fixed; }
/// The same for the text of --record.
inline bool is_bytes(std::string_view form) { return form.starts_with("fixed:"); }

/// Whether every byte is a record (fixed:1): then nothing is known of the data. Such records are not counted.
inline bool is_single_bytes(const RecordForm& form) { return is_bytes(form) && form.count == 1; }

/// Whether a record may begin in any way, so that a header that comes between records is taken for one.
inline bool may_begin_anyhow(const RecordForm& form) {
  using Kind = RecordForm::Kind;
  return form.kind == Kind::line || form.kind == Kind::lines || form.kind == Kind::nul || is_bytes(form);
}

/// Whether records need not end with a newline, and streams of them are joined byte by byte: nul and fixed.
inline bool is_without_lines(const RecordForm& form) {
  return form.kind == RecordForm::Kind::nul || is_bytes(form);
}
/// The same of the value of --record.
inline bool is_without_lines(std::string_view form) { return form == "nul" || is_bytes(form); }

/// Looks at the front of an input of `form`, not compressed any more: records of text are no BAM, CRAM, BCF,
/// bzip2, xz or zstd data, for which it throws DataError that says what to do. Returns false when `front` is
/// too short to tell and `at_end` is not set: it is to be called again with more.
bool check_text(std::string_view front, bool at_end, const RecordForm& form, const std::string& input_name);

/// Whether a number and a tab, or a tag, can stand in a record without hiding where it begins.
inline bool has_room_for_number(const RecordForm& form) {
  using Kind = RecordForm::Kind;
  return form.kind != Kind::fixed && form.kind != Kind::fasta && form.kind != Kind::start;
}

/// Whether the path is that of a FIFO or of a character device, which may have any name.
bool is_pipe_or_device(const std::string& path);

/// Throws UsageError, which says what to do, when the name of a file says a format that no program here
/// writes (base/output_name.h). A FIFO or device may have any name.
void check_written_name(const std::string& path);

/// Throws UsageError when a file is to get records of `form` and its name says another format: .bam and .ubam
/// for anything but BAM, .sam for BAM, .cram and .bcf always; and as check_written_name() does, but for
/// records of fixed:BYTES, which may be any data. A FIFO or device may have any name.
void check_output_name(const std::string& path, const RecordForm& form);

}  // namespace mrf::record
