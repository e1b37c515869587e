// SPDX-License-Identifier: MIT
#include "sam/sam_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "sam/aux_text.h"
#include "sam/bases.h"
#include "sam/characters.h"
#include "sam/digits.h"

namespace mrf::sam {

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

std::string_view name_of(const bam1_t& record) { return {bam_get_qname(&record), name_size(record)}; }

// Names with these characters could not be read again: as a header line, as two fields, as two lines.
bool breaks_lines(std::string_view name) {
  return name.starts_with('@') ||
         name.find_first_of(std::string_view("\t\n\r\0", 4)) != std::string_view::npos;
}

constexpr const char* bam_hint = "which SAM text cannot have; write BAM: -u, or mrf-run --record bam";

std::string fault_of_name(std::string_view name, Lenience lenience) {
  if (name.starts_with('@')) return fmt::format("its name begins with '@', {}", bam_hint);
  if (breaks_lines(name)) return fmt::format("its name has a control character, {}", bam_hint);
  if (lenience.takes(Lax::name)) return "";
  return name.empty() ? "its name is empty; --permissive takes it"
                      : "its name has a character that SAM does not allow; --permissive takes it";
}

// What htslib does not look at, and no reader of SAM takes.
std::string fault_of_cigar(const bam1_t& record) {
  const auto& core = record.core;
  if ((core.flag & BAM_FUNMAP) == 0 || core.n_cigar == 0 || core.l_qseq == 0) return "";
  const auto bases = bam_cigar2qlen(static_cast<int>(core.n_cigar), bam_get_cigar(&record));
  if (bases == core.l_qseq) return "";
  return fmt::format("its CIGAR stands for {} bases, it has {}, {}", bases, core.l_qseq, bam_hint);
}

std::string fault_of_quality(const bam1_t& record) {
  const std::uint8_t* const qualities = bam_get_qual(&record);
  const auto* const bad = std::find_if(qualities, qualities + record.core.l_qseq,
                                       [](std::uint8_t quality) { return quality > highest_quality; });
  return fmt::format("the quality of its base {} is {}, more than {}, {}", bad - qualities + 1, *bad,
                     highest_quality, bam_hint);
}

// The quality of a single base that text writes as none.
bool has_lost_quality(const bam1_t& record) {
  constexpr std::uint8_t star = '*' - '!';
  return record.core.l_qseq == 1 && *bam_get_qual(&record) == star;
}

std::span<const std::uint8_t> aux_fields(const bam1_t& record) {
  return {bam_get_aux(&record), static_cast<const std::uint8_t*>(record.data + record.l_data)};
}

}  // namespace

SamText::SamText(const sam_hdr_t& header) : names_{"*"} {
  names_.insert(names_.end(), header.target_name, header.target_name + header.n_targets);
}

// Null when there is a quality that text cannot have.
char* SamText::write_fields(const bam1_t& record, char* to) const {
  const auto& core = record.core;
  to = put(name_of(record), to);
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

std::string SamText::append(const bam1_t& record, Buffer& to, Lenience lenience) const {
  const auto& core = record.core;
  const std::string_view name = name_of(record);
  if (name.empty() || !are_name_characters(name)) {
    if (std::string fault = fault_of_name(name, lenience); !fault.empty()) return fault;
  }
  if (has_lost_quality(record) && !lenience.takes(Lax::quality)) {
    return "its only quality is 9, which SAM text writes as '*', no quality; --permissive takes it, BAM "
           "keeps it";
  }
  if (std::string fault = fault_of_cigar(record); !fault.empty()) return fault;
  constexpr std::size_t tabs = 16;
  constexpr std::size_t operation_room = 10;
  const std::size_t room = core.l_qname + reference(core.tid).size() + reference(core.mtid).size() +
                           operation_room * core.n_cigar + 2 * static_cast<std::size_t>(core.l_qseq) +
                           5 * digits_room + tabs;
  const std::size_t before = to.size();
  char* const start = to.room(room);
  const char* const end = write_fields(record, start);
  if (end == nullptr) return fault_of_quality(record);
  to.add(static_cast<std::size_t>(end - start));
  std::string fault = append_aux_text(aux_fields(record), lenience, to);
  if (fault.empty()) {
    to.append("\n");
  } else {
    to.cut(before);
  }
  return fault;
}

}  // namespace mrf::sam
