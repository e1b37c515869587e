// SPDX-License-Identifier: MIT
#include "bam/cram_fault.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>

#include "sam/tags.h"

namespace mrf::bam {

namespace {

const char* fault_of_tags(std::string_view tags) {
  sam::Tag tag;
  while (!tags.empty()) {
    if (!sam::take_tag(tags, tag)) return "an optional field is malformed";
    if (tag.name == "NM" && std::string_view("ZHBd").find(tag.type) != std::string_view::npos)
      return "its NM tag is no number";
  }
  return nullptr;
}

// CRAM counts positions from 1 (specification, section 8.4) and has 32 bits for them.
bool is_place(hts_pos_t position) { return position < std::numeric_limits<std::int32_t>::max(); }

bool has_places(const bam1_t& record) {
  const auto& core = record.core;
  using Limits = std::numeric_limits<std::int32_t>;
  return is_place(bam_endpos(&record)) && is_place(core.mpos) && core.isize >= Limits::min() &&
         core.isize <= Limits::max();
}

// The bases there would become N.
bool ends_beyond_reference(const bam1_t& record, const sam_hdr_t& header) {
  const auto& core = record.core;
  if (core.tid < 0 || core.pos < 0 || core.n_cigar == 0 || (core.flag & BAM_FUNMAP) != 0) return false;
  return bam_endpos(&record) > sam_hdr_tid2len(&header, core.tid);
}

// htslib does not keep these of reads that are not mapped, or not paired.
const char* fault_of_lost_fields(const bam1_t& record, sam::Lenience lenience) {
  const auto& core = record.core;
  const bool mapped = (core.flag & BAM_FUNMAP) == 0;
  if (!mapped && (core.qual != 0 || core.n_cigar > 0) && !lenience.takes(sam::Lax::cram_unmapped))
    return "it is not mapped, but has a mapping quality or a CIGAR, which CRAM does not keep; --permissive "
           "drops them";
  const bool paired = (core.flag & BAM_FPAIRED) != 0;
  if (!paired && core.mtid >= 0 && !lenience.takes(sam::Lax::cram_mate))
    return "it is not paired, but has RNEXT, which CRAM does not keep; --permissive drops it";
  return nullptr;
}

}  // namespace

const char* cram_fault(const bam1_t& record, const sam_hdr_t& header, sam::Lenience lenience) {
  if (!has_places(record)) return "a position is too large for CRAM";
  const auto& core = record.core;
  if ((core.flag & BAM_FUNMAP) == 0 && (core.tid < 0 || core.pos < 0 || core.n_cigar == 0))
    return "it is mapped, but has no position or no CIGAR, which CRAM cannot hold; write BAM";
  if (const char* const fault = fault_of_lost_fields(record, lenience); fault != nullptr) return fault;
  const std::uint32_t* const cigar = bam_get_cigar(&record);
  const bool mapped = (record.core.flag & BAM_FUNMAP) == 0;
  for (std::uint32_t i = 0; mapped && i < record.core.n_cigar; ++i) {
    if (bam_cigar_op(cigar[i]) > BAM_CDIFF) return "its CIGAR has an operation that CRAM does not have";
  }
  if (ends_beyond_reference(record, header))
    return "it ends beyond its reference, where CRAM has no bases; write BAM";
  const auto* const tags = reinterpret_cast<const char*>(bam_get_aux(&record));
  return fault_of_tags({tags, static_cast<std::size_t>(bam_get_l_aux(&record))});
}

}  // namespace mrf::bam
