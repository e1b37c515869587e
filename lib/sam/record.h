// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "sam/buffer.h"
#include "sam/hts.h"
#include "sam/lenience.h"

namespace mrf::sam {

/// The fixed part of a BAM record after its block_size (SAM specification, section 4.2), in bytes.
inline constexpr std::size_t fixed_size = 32;
/// block_size and the fixed part.
inline constexpr std::size_t record_front = 4 + fixed_size;

/// The whole size in bytes of the BAM record at the front of `bytes`, which are at least 4.
inline std::size_t size_of_record(std::string_view bytes) {
  std::uint32_t size = 0;
  std::memcpy(&size, bytes.data(), sizeof size);
  return std::size_t{size} + sizeof size;
}
/// Whether a record can have this size.
inline bool is_record_size(std::size_t size) {
  return size >= record_front && size <= std::size_t{0x7fffffff} + 4;
}

/// How many bases of the read and of the reference a CIGAR stands for, and its largest operation.
struct Coverage {
  std::int64_t read = 0;
  std::int64_t reference = 0;
  std::uint32_t operation = 0;
};
/// Adds an operation; its length is in bases.
inline void add_operation(Coverage& coverage, std::uint32_t operation, std::uint32_t length) {
  const std::int64_t type = bam_cigar_type(operation);
  coverage.read += length & -(type & 1);
  coverage.reference += length & -(type >> 1);
  coverage.operation = std::max(coverage.operation, operation);
}
/// Of a CIGAR as BAM has it, 4 bytes an operation.
inline Coverage coverage_of(std::string_view cigar) {
  Coverage coverage;
  for (std::size_t at = 0; at < cigar.size(); at += sizeof(std::uint32_t)) {
    std::uint32_t operation = 0;
    std::memcpy(&operation, cigar.data() + at, sizeof operation);
    add_operation(coverage, bam_cigar_op(operation), bam_cigar_oplen(operation));
  }
  return coverage;
}

inline std::string_view cigar_of(const bam1_t& record) {
  return {reinterpret_cast<const char*>(bam_get_cigar(&record)), sizeof(std::uint32_t) * record.core.n_cigar};
}

/// What is wrong with the first record_front bytes of a record, or as many of them as there are, at least 4;
/// empty when nothing is.
std::string fault_of_front(std::string_view front, const sam_hdr_t& header);

/// Whether it is the number of a reference of the header, or -1 for none.
inline bool is_reference(std::int32_t id, const sam_hdr_t& header) {
  return id >= -1 && id < header.n_targets;
}

/// Makes room for `size` bytes in the record's data. Throws std::bad_alloc.
void reserve_data(bam1_t& record, std::size_t size);

/// The bin of the record's place (SAM specification, section 5.3), as htslib computes it. `covered` is how
/// many bases of the reference the CIGAR stands for.
std::uint16_t bin_of(const bam1_t& record, std::int64_t covered);

/// Puts the CIGAR of a CG tag in its place, where a clip of the whole read and a skip stand for it (SAM
/// specification, section 4.2.2). The optional fields have to be whole. Throws std::bad_alloc.
void move_long_cigar(bam1_t& record);

/// Whether load_record() looks at the optional fields, or leaves that to SamText::append(), which is as
/// strict.
enum class TagCheck { here, later };

/// Makes an htslib record of one BAM record with its block_size in front: the CIGAR of a CG tag is put in its
/// place, the bin computed anew. Returns an empty string, or why the record is malformed. Throws
/// std::bad_alloc.
std::string load_record(std::string_view bytes, const sam_hdr_t& header, bam1_t& record,
                        Lenience lenience = Lenience(), TagCheck tags = TagCheck::here);

/// Appends the BAM record, with its block_size; a CIGAR of more than 65535 operations goes into a CG tag
/// (SAM specification, section 4.2.2). Returns an empty string, or why BAM cannot hold the record.
std::string store_record(const bam1_t& record, Buffer& to);

}  // namespace mrf::sam
