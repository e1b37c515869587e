// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mrf::workflow {

/// What a stream is by its name or by --input-format or --output-format (mrf-run(1), Kinds).
struct StreamKind {
  std::string format;    ///< "sam", "sam.gz", "bam", "cram", "fastq", "fasta", "lines"
  bool is_told = false;  ///< the name or the option says it; else it is lines for want of anything better
  bool is_gzip = false;  ///< the name ends in .gz

  /// SAM, BAM or CRAM.
  bool is_alignment() const;
  /// For --record: "fastq", "fasta", else "line".
  std::string record() const;
};

/// From the name's ending, letters of either case, without .gz; of a URL, its path's.
StreamKind kind_of(const std::string& name);

/// From the value of --input-format or --output-format: bam, cram, sam, fastq, fasta or lines. `option` is
/// for the UsageError of anything else.
StreamKind kind_of_format(const std::string& option, const std::string& format);

/// What an input holds by its first bytes.
enum class Content {
  unknown,  ///< not looked at
  empty,
  text,   ///< none of the others; gzip and BGZF are looked into
  fastq,  ///< a line that begins with @, and one that begins with + after it
  fasta,  ///< begins with >
  sam,    ///< begins with a header line (SAM specification, section 1.3)
  bam,    ///< compressed or not
  cram,
  bcf,
  bzip2,
  xz,
  zstd,
  zip,
};

/// So many first bytes are enough for start_of().
inline constexpr std::size_t content_bytes = 65536;

/// What follows the bytes that start_of() is given.
enum class Rest {
  to_come,  ///< perhaps more, which can be had
  unseen,   ///< more, which cannot be had
  none,     ///< the input ends
};

/// What the start of an input shows.
struct InputStart {
  Content content = Content::unknown;
  std::vector<std::string>
      reads;             ///< of FASTQ the first lines of its first two reads, as far as they are seen
  bool is_gzip = false;  ///< gzip or BGZF, which hold the content
  bool begins_with_hash = false;  ///< text whose first character is #, as of a VCF's header
};

/// From the stored first bytes of an input. Empty when more are needed, which only Rest::to_come allows.
std::optional<InputStart> start_of(std::string_view stored, Rest rest);

/// The kind's name in messages: "BAM", "bzip2-compressed".
std::string_view content_name(Content content);

/// The command that turns an input that no program here reads into one that they read, "" for the others.
std::string way_to_read(Content content, const std::string& quoted_name);

}  // namespace mrf::workflow
