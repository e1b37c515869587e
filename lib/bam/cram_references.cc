// SPDX-License-Identifier: MIT
#include "bam/cram_references.h"

#include <fmt/format.h>

#include <new>

#include "bam/reference.h"

namespace mrf::bam {

CramReferences::CramReferences(sam_hdr_t& header, const std::string& fasta)
    : header_(header), found_(static_cast<std::size_t>(sam_hdr_nref(&header))) {
  if (!fasta.empty()) fasta_.reset(fai_load3(fasta.c_str(), nullptr, nullptr, 0));
  // htslib loads the references that have no checksum in the header, which it computes, before the first
  // record.
  for (int id = 0; id < sam_hdr_nref(&header) && !made_; ++id) {
    if (has_tag(sam_hdr_tid2name(&header, id), "M5")) continue;
    settled_ = true;
    made_ = !has(id);
  }
}

std::string CramReferences::take(const bam1_core_t& core) {
  const bool same = core.tid == id_;
  if (same && core.pos < position_) sorted_ = false;
  position_ = core.pos;
  id_ = core.tid;
  if (!same && !made_ && id_ >= 0 && !has(id_)) {
    const char* const name = sam_hdr_tid2name(&header_, id_);
    if (settled_) return fmt::format("its reference '{}' is missing, others are there", name);
    made_ = true;
  }
  if (id_ >= 0) settled_ = true;
  if (!made_ || sorted_) return "";
  return "it is not sorted by position, which CRAM without references has to be";
}

bool CramReferences::has(std::int32_t id) {
  auto& found = found_[static_cast<std::size_t>(id)];
  if (!found) {
    const char* const name = sam_hdr_tid2name(&header_, id);
    found = is_in_fasta(name) || can_be_loaded(name);
  }
  return *found;
}

bool CramReferences::is_in_fasta(const char* name) const {
  return fasta_ && faidx_has_seq(fasta_.get(), name) != 0;
}

bool CramReferences::has_tag(const char* name, const char* tag) {
  Text value;
  return sam_hdr_find_tag_id(&header_, "SQ", "SN", name, tag, &value) == 0;
}

// Asks htslib's writer with a record of one base.
bool CramReferences::can_be_loaded(const char* name) {
  if (!has_tag(name, "M5") && !has_tag(name, "UR")) return false;
  Text line;
  if (sam_hdr_find_line_id(&header_, "SQ", "SN", name, &line) != 0) return false;
  const HeaderPtr header(sam_hdr_parse(line.l, line.s));
  HtsFilePtr file(hts_open("/dev/null", "wc"));
  const RecordPtr record = make_record();
  const std::uint32_t cigar = bam_cigar_gen(1, BAM_CMATCH);
  if (!header || !file ||
      bam_set1(record.get(), 1, "r", 0, 0, 0, 0, 1, &cigar, -1, -1, 0, 1, "A", "!", 0) < 0) {
    throw std::bad_alloc();
  }
  forget_remote_references(*header);
  hts_set_opt(file.get(), CRAM_OPT_EMBED_REF, 0);
  return sam_hdr_write(file.get(), header.get()) == 0 &&
         sam_write1(file.get(), header.get(), record.get()) >= 0 && hts_close(file.release()) == 0;
}

}  // namespace mrf::bam
