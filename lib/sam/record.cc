// SPDX-License-Identifier: MIT
#include "sam/record.h"

#include <fmt/format.h>

#include <algorithm>
#include <climits>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "sam/tags.h"

namespace mrf::sam {

namespace {

template <typename Number>
Number number_at(const char* bytes, std::size_t at) {
  Number number;
  std::memcpy(&number, bytes + at, sizeof number);
  return number;
}

void load_fixed(const char* fixed, bam1_core_t& core) {
  core.tid = number_at<std::int32_t>(fixed, 0);
  core.pos = number_at<std::int32_t>(fixed, 4);
  core.l_qname = number_at<std::uint8_t>(fixed, 8);
  core.qual = number_at<std::uint8_t>(fixed, 9);
  core.bin = number_at<std::uint16_t>(fixed, 10);
  core.n_cigar = number_at<std::uint16_t>(fixed, 12);
  core.flag = number_at<std::uint16_t>(fixed, 14);
  core.l_qseq = number_at<std::int32_t>(fixed, 16);
  core.mtid = number_at<std::int32_t>(fixed, 20);
  core.mpos = number_at<std::int32_t>(fixed, 24);
  core.isize = number_at<std::int32_t>(fixed, 28);
}

// A CIGAR that begins with a clip of the whole read may stand for one in a CG tag.
bool may_have_long_cigar(const bam1_t& record) {
  const auto& core = record.core;
  if (core.n_cigar == 0 || core.tid < 0 || core.pos < 0) return false;
  const std::uint32_t first = *bam_get_cigar(&record);
  return bam_cigar_op(first) == BAM_CSOFT_CLIP &&
         static_cast<std::int64_t>(bam_cigar_oplen(first)) == core.l_qseq;
}

std::string_view tags_of(const bam1_t& record) {
  return {reinterpret_cast<const char*>(bam_get_aux(&record)),
          static_cast<std::size_t>(bam_get_l_aux(&record))};
}

std::string check_cigar(const bam1_t& record, const Coverage& coverage) {
  const auto& core = record.core;
  if (coverage.operation > BAM_CBACK)
    return fmt::format("CIGAR has the unknown operation {}", coverage.operation);
  if (core.n_cigar == 0 || core.l_qseq == 0 || (core.flag & BAM_FUNMAP) != 0) return "";
  if (coverage.read == core.l_qseq) return "";
  return fmt::format("CIGAR and sequence have different lengths: {} and {} bases", coverage.read,
                     core.l_qseq);
}

std::size_t size_of_fields(const bam1_core_t& core) {
  const auto bases = static_cast<std::size_t>(core.l_qseq);
  return std::size_t{core.n_cigar} * 4 + core.l_qname + (bases + 1) / 2 + bases;
}

}  // namespace

std::string fault_of_front(std::string_view front, const sam_hdr_t& header) {
  const std::size_t size = size_of_record(front);
  if (size < record_front) return "the record is too short";
  if (!is_record_size(size)) return fmt::format("a record of {} bytes is larger than BAM allows", size);
  if (front.size() < record_front) return "";
  bam1_core_t core{};
  load_fixed(front.data() + 4, core);
  if (core.l_qname < 1) return "the read name is empty";
  if (core.l_qseq < 0 || size_of_fields(core) > size - record_front)
    return "the lengths in the record do not fit its size";
  for (const std::int32_t id : {core.tid, core.mtid}) {
    if (!is_reference(id, header))
      return fmt::format("unknown reference number {}, the header has {}", id, header.n_targets);
  }
  return "";
}

void reserve_data(bam1_t& record, std::size_t size) {
  if (size <= record.m_data) return;
  auto* data = static_cast<std::uint8_t*>(std::realloc(record.data, size + size / 2));
  if (data == nullptr) throw std::bad_alloc();
  record.data = data;
  record.m_data = static_cast<std::uint32_t>(size + size / 2);
}

std::uint16_t bin_of(const bam1_t& record, std::int64_t covered) {
  const auto& core = record.core;
  const bool mapped = core.n_cigar > 0 && (core.flag & BAM_FUNMAP) == 0;
  const hts_pos_t length = mapped ? std::max<hts_pos_t>(1, covered) : 1;
  return static_cast<std::uint16_t>(hts_reg2bin(core.pos, core.pos + length, 14, 5));
}

void move_long_cigar(bam1_t& record) {
  if (!may_have_long_cigar(record)) return;
  auto& core = record.core;
  const std::string_view all = tags_of(record);
  std::string_view rest = all;
  Tag tag;
  do {
    if (!take_tag(rest, tag)) return;
  } while (tag.name != "CG");
  if (tag.type != 'B' || (tag.value.front() != 'I' && tag.value.front() != 'i')) return;
  constexpr std::size_t array_front = 1 + sizeof(std::uint32_t);
  const std::string_view operations = tag.value.substr(array_front);
  const std::size_t count = operations.size() / sizeof(std::uint32_t);
  if (count < core.n_cigar || count >= 1U << 29) return;
  const auto* const data = reinterpret_cast<const char*>(record.data);
  const std::string_view before_tag = all.substr(0, static_cast<std::size_t>(tag.name.data() - all.data()));
  const std::string_view fields(
      reinterpret_cast<const char*>(bam_get_seq(&record)),
      static_cast<std::size_t>(before_tag.data() - reinterpret_cast<const char*>(bam_get_seq(&record))));
  std::string moved;
  moved.reserve(static_cast<std::size_t>(record.l_data) + operations.size());
  moved.append(data, core.l_qname);
  moved.append(operations).append(fields).append(before_tag).append(rest);
  core.n_cigar = static_cast<std::uint32_t>(count);
  reserve_data(record, moved.size());
  std::memcpy(record.data, moved.data(), moved.size());
  record.l_data = static_cast<int>(moved.size());
}

std::string load_record(std::string_view bytes, const sam_hdr_t& header, bam1_t& record, Lenience lenience,
                        TagCheck tags) {
  if (bytes.size() < record_front) return "the record is too short";
  auto& core = record.core;
  load_fixed(bytes.data() + 4, core);
  const bool fits =
      core.l_qname >= 1 && core.l_qseq >= 0 && size_of_fields(core) <= bytes.size() - record_front;
  if (!fits || !is_reference(core.tid, header) || !is_reference(core.mtid, header))
    return fault_of_front(bytes, header);
  for (const hts_pos_t position : {core.pos, core.mpos}) {
    if (position < -1 && !lenience.takes(Deviation::position))
      return fmt::format("a position is {}, which SAM does not allow; --permissive takes it", position + 1);
  }
  const std::string_view rest = bytes.substr(record_front);
  const std::size_t name = core.l_qname;
  const bool ended = rest[name - 1] == '\0';
  if (!ended && !lenience.takes(Deviation::name_end))
    return "the read name has no end; --permissive gives it one";
  // htslib keeps what follows the name at a multiple of four.
  const std::size_t stored_name = (name + (ended ? 0 : 1) + 3) / 4 * 4;
  if (!ended && name == 255) return "the read name is longer than 254 characters";
  reserve_data(record, rest.size() + stored_name - name);
  std::memset(record.data + stored_name - 4, 0, 4);
  std::memcpy(record.data, rest.data(), name);
  core.l_extranul = static_cast<std::uint8_t>(stored_name - name - (ended ? 0 : 1));
  core.l_qname = static_cast<std::uint16_t>(stored_name);
  std::memcpy(record.data + stored_name, rest.data() + name, rest.size() - name);
  record.l_data = static_cast<int>(rest.size() + stored_name - name);
  const bool long_cigar = may_have_long_cigar(record);
  Coverage coverage = coverage_of(cigar_of(record));
  if (std::string fault = long_cigar ? "" : check_cigar(record, coverage); !fault.empty()) return fault;
  if (tags == TagCheck::here || long_cigar) {
    if (std::string fault = fault_of_tags(tags_of(record), lenience); !fault.empty()) return fault;
  }
  if (long_cigar) {
    move_long_cigar(record);
    coverage = coverage_of(cigar_of(record));
  }
  if (core.n_cigar > 0) core.bin = bin_of(record, coverage.reference);
  return long_cigar ? check_cigar(record, coverage) : "";
}

std::string store_record(const bam1_t& record, Buffer& to) {
  const auto& core = record.core;
  const std::size_t name = core.l_qname - std::size_t{core.l_extranul};
  if (name > 255) return "the read name is longer than 254 characters";
  if (core.pos > INT_MAX) return fmt::format("POS {} is too large for BAM", core.pos + 1);
  if (core.mpos > INT_MAX) return fmt::format("PNEXT {} is too large for BAM", core.mpos + 1);
  if (core.isize < INT_MIN || core.isize > INT_MAX)
    return fmt::format("TLEN {} is too large for BAM", core.isize);
  const bool long_cigar = core.n_cigar > 0xffff;
  const auto* cigar = reinterpret_cast<const char*>(bam_get_cigar(&record));
  const std::size_t cigar_size = std::size_t{core.n_cigar} * 4;
  const auto* end = reinterpret_cast<const char*>(record.data) + record.l_data;
  const hts_pos_t covered =
      long_cigar ? bam_cigar2rlen(static_cast<int>(core.n_cigar), bam_get_cigar(&record)) : 0;
  if (covered >= (1 << 28)) return "the CIGAR is too long for BAM";

  const auto size = static_cast<std::uint32_t>(static_cast<std::size_t>(record.l_data) - core.l_extranul +
                                               fixed_size + (long_cigar ? 16 : 0));
  const std::uint32_t fixed[9] = {
      size,
      static_cast<std::uint32_t>(core.tid),
      static_cast<std::uint32_t>(core.pos),
      static_cast<std::uint32_t>(core.bin) << 16 | static_cast<std::uint32_t>(core.qual) << 8 |
          static_cast<std::uint32_t>(name),
      static_cast<std::uint32_t>(core.flag) << 16 | (long_cigar ? 2 : core.n_cigar),
      static_cast<std::uint32_t>(core.l_qseq),
      static_cast<std::uint32_t>(core.mtid),
      static_cast<std::uint32_t>(core.mpos),
      static_cast<std::uint32_t>(core.isize)};
  to.append({reinterpret_cast<const char*>(fixed), sizeof fixed});
  to.append({reinterpret_cast<const char*>(record.data), name});
  if (!long_cigar) {
    to.append({cigar, static_cast<std::size_t>(end - cigar)});
    return "";
  }
  const std::uint32_t stand_in[2] = {static_cast<std::uint32_t>(core.l_qseq) << 4 | BAM_CSOFT_CLIP,
                                     static_cast<std::uint32_t>(covered) << 4 | BAM_CREF_SKIP};
  to.append({reinterpret_cast<const char*>(stand_in), sizeof stand_in});
  to.append({cigar + cigar_size, static_cast<std::size_t>(end - cigar) - cigar_size});
  to.append("CGBI");
  to.append({reinterpret_cast<const char*>(&core.n_cigar), sizeof core.n_cigar});
  to.append({cigar, cigar_size});
  return "";
}

}  // namespace mrf::sam
