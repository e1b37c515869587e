// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "record/record.h"

namespace mrf::shard {

/// How many reference sequences the whole header of a BAM has (SAM specification, section 4.2), as
/// record::HeaderReader finds it.
std::size_t number_of_references(std::string_view bam_header);

/// The answer of a search in the front of a stream.
struct Candidate {
  enum class State {
    found,  ///< at `offset`
    more,   ///< nothing begins before `offset`, and more bytes are needed to tell what begins there
    none,   ///< nothing begins in these bytes, which are the last ones
  };
  State state = State::none;
  std::size_t offset = 0;
};

/// How many records or blocks in a row have to be well formed, and how many bytes they have to fill: an array
/// in an optional field may hold some. Long records need not be so many. Where the stream ends before, fewer
/// are enough.
inline constexpr std::size_t least_records = 10;
inline constexpr std::size_t least_record_bytes = std::size_t{128} << 10;
inline constexpr std::size_t least_long_records = 2;
inline constexpr std::size_t least_long_record_bytes = std::size_t{4} << 20;
inline constexpr std::size_t least_blocks = 5;
inline constexpr std::size_t least_block_bytes = std::size_t{64} << 10;

/// A place in `bytes` at which a record of `form` seems to begin, for bam and fastq the first one that so
/// many records are in front of, or else the first one of the stream's last records; `at_end` says that
/// nothing follows them. Where they begin, no record is known to begin, unless the form is bam. The end of
/// the stream is no place for a record. `references` are for the form bam.
///
/// bam: a record is well formed when its fixed fields name references of the header, its name ends with its
/// only NUL and has no control characters, its CIGAR has the operations that there are and as many bases as
/// the sequence, and its optional fields fill it exactly (SAM specification, section 4.2).
/// line, sam, nul: what follows an end of line (NUL). fasta, start: a line that begins so. fastq: four lines
/// of which the first begins with '@' and the third with '+', the second and the fourth equally long.
///
/// Throws std::invalid_argument for a form that can_be_cut() denies.
Candidate find_record(std::string_view bytes, bool at_end, const record::RecordForm& form,
                      std::size_t references);

/// Whether records of BAM begin at the front of `bytes`, which something else says: as many as find_record()
/// wants follow each other, of which only the fixed fields are looked at. Found at 0, or not.
Candidate confirm_bam(std::string_view bytes, bool at_end, std::size_t references);

/// Whether it can be seen in the midst of a stream where records of that form begin.
bool can_be_cut(const record::RecordForm& form);

/// The first place in `stored` at which a BGZF block seems to begin that others follow.
Candidate find_block(std::string_view stored, bool at_end);

}  // namespace mrf::shard
