// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sam/buffer.h"
#include "sam/hts.h"

namespace mrf::bam {

/// The fixed part of a BAM record after its block_size (SAM specification, section 4.2), in bytes.
inline constexpr std::size_t fixed_size = 32;

/// Whether it is the number of a reference of the header, or -1 for none.
bool is_reference(std::int32_t id, const sam_hdr_t& header);

/// Makes room for `size` bytes in the record's data. Throws std::bad_alloc.
void reserve_data(bam1_t& record, std::size_t size);

/// Makes an htslib record of one BAM record with its block_size in front, as bam_read1() of htslib does:
/// the same checks, the CIGAR of a CG tag put in its place, the bin computed anew. Returns nullptr, or the
/// reason why the record is malformed. Throws std::bad_alloc.
const char* load_record(std::string_view bytes, const sam_hdr_t& header, bam1_t& record);

/// Appends the BAM record, with its block_size; a CIGAR of more than 65535 operations goes into a CG tag
/// (SAM specification, section 4.2.2). Returns nullptr, or the reason why BAM cannot hold the record.
const char* store_record(const bam1_t& record, Buffer& to);

}  // namespace mrf::bam
