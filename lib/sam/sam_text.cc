// SPDX-License-Identifier: MIT
#include "sam/sam_text.h"

#include "sam/aux_text.h"
#include "sam/bases.h"
#include "sam/digits.h"

namespace mrf::bam {

namespace {

char* put(std::string_view text, char* to) {
  std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

template <typename Integer>
char* put_field(Integer number, char* to) {
  to = write_number(number, to);
  *to = '\t';
  return to + 1;
}

std::size_t name_size(const bam1_t& record) {
  return record.core.l_qname - std::size_t{1} - record.core.l_extranul;
}

char* write_cigar(const bam1_t& record, char* to) {
  if (record.core.n_cigar == 0) *to++ = '*';
  const std::uint32_t* cigar = bam_get_cigar(&record);
  for (std::uint32_t i = 0; i < record.core.n_cigar; ++i) {
    to = write_number(bam_cigar_oplen(cigar[i]), to);
    *to++ = bam_cigar_opchr(cigar[i]);
  }
  *to = '\t';
  return to + 1;
}

std::span<const std::uint8_t> aux_fields(const bam1_t& record) {
  return {bam_get_aux(&record), static_cast<const std::uint8_t*>(record.data + record.l_data)};
}

}  // namespace

SamText::SamText(const sam_hdr_t& header) : names_{"*"} {
  names_.insert(names_.end(), header.target_name, header.target_name + header.n_targets);
}

char* SamText::write_fields(const bam1_t& record, char* to) const {
  const auto& core = record.core;
  to = put({bam_get_qname(&record), name_size(record)}, to);
  *to++ = '\t';
  to = put_field(std::uint32_t{core.flag}, to);
  to = put(reference(core.tid), to);
  *to++ = '\t';
  to = put_field(core.pos + 1, to);
  to = put_field(std::uint32_t{core.qual}, to);
  to = write_cigar(record, to);
  to = put(core.mtid >= 0 && core.mtid == core.tid ? "=" : reference(core.mtid), to);
  *to++ = '\t';
  to = put_field(core.mpos + 1, to);
  to = put_field(core.isize, to);
  if (core.l_qseq == 0) return put("*\t*", to);
  return write_bases(bam_get_seq(&record), bam_get_qual(&record), static_cast<std::size_t>(core.l_qseq), to);
}

const char* SamText::append(const bam1_t& record, Buffer& to) const {
  const auto& core = record.core;
  constexpr std::size_t tabs = 16;
  constexpr std::size_t operation_room = 10;
  const std::size_t room = core.l_qname + reference(core.tid).size() + reference(core.mtid).size() +
                           operation_room * core.n_cigar + 2 * static_cast<std::size_t>(core.l_qseq) +
                           5 * digits_room + tabs;
  const std::size_t before = to.size();
  char* const start = to.room(room);
  to.add(static_cast<std::size_t>(write_fields(record, start) - start));
  if (!append_aux_text(aux_fields(record), to)) {
    to.cut(before);
    return "malformed optional field";
  }
  to.append("\n");
  return nullptr;
}

}  // namespace mrf::bam
