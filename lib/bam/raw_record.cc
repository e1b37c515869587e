// SPDX-License-Identifier: MIT
#include "bam/raw_record.h"

#include "sam/record.h"
#include "sam/tags.h"

namespace mrf::bam {

namespace {

bool fits(const RawRecord& record) {
  const auto bases = static_cast<std::uint64_t>(record.bases());
  const std::uint64_t needed = record.name_size() + 4 * record.cigar_count() + (bases + 1) / 2 + bases;
  return 4 + sam::fixed_size + needed <= record.bytes().size();
}

// htslib computes the bin anew, and takes a clip of the whole read for the place of a CIGAR in a CG tag.
bool has_usual_cigar(const RawRecord& record) {
  const bool mapped = (record.flags() & BAM_FUNMAP) == 0;
  const std::int64_t bases = record.bases();
  const std::uint32_t first = record.first_operation();
  if (bam_cigar_op(first) == BAM_CSOFT_CLIP && bam_cigar_oplen(first) == bases) return false;
  const sam::Coverage coverage = sam::coverage_of(record.cigar());
  if (coverage.operation > BAM_CBACK) return false;
  if (mapped && bases > 0 && coverage.read != bases) return false;
  const std::int64_t covered = mapped && coverage.reference > 0 ? coverage.reference : 1;
  const hts_pos_t begin = record.position();
  return record.bin() == static_cast<std::uint16_t>(hts_reg2bin(begin, begin + covered, 14, 5));
}

}  // namespace

bool is_unchanged(const RawRecord& record, const sam_hdr_t& header) {
  if (record.bytes().size() < 4 + sam::fixed_size) return false;
  if (record.name_size() < 1 || record.bases() < 0 || !fits(record) || !record.name_has_end()) return false;
  if (!sam::is_reference(record.reference(), header) || !sam::is_reference(record.mate_reference(), header))
    return false;
  if (record.position() < -1 || record.mate_position() < -1) return false;
  return (record.cigar_count() == 0 || has_usual_cigar(record)) && sam::are_tags(record.tags());
}

}  // namespace mrf::bam
