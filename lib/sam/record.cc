// SPDX-License-Identifier: MIT
#include "sam/record.h"

#include <htslib/bgzf.h>

#include <climits>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>

namespace mrf::bam {

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

bool fits(const bam1_core_t& core, std::size_t size) {
  const std::uint64_t needed = std::uint64_t{core.n_cigar} * 4 + core.l_qname +
                               (static_cast<std::uint64_t>(core.l_qseq) + 1) / 2 +
                               static_cast<std::uint64_t>(core.l_qseq);
  return needed <= size;
}

// A CIGAR that begins with a clip of the whole read may stand for one in a CG tag.
bool may_have_long_cigar(const bam1_t& record) {
  const auto& core = record.core;
  if (core.n_cigar == 0 || core.tid < 0 || core.pos < 0) return false;
  const std::uint32_t first = *bam_get_cigar(&record);
  return bam_cigar_op(first) == BAM_CSOFT_CLIP &&
         static_cast<std::int64_t>(bam_cigar_oplen(first)) == core.l_qseq;
}

// htslib keeps the moving of the CIGAR to itself, so its reader is asked for the record.
bool read_with_htslib(std::string_view bytes, bam1_t& record) {
  HfilePtr memory = open_memory(bytes);
  BGZF* reader = bgzf_hopen(memory.get(), "r");
  if (reader == nullptr) throw std::bad_alloc();
  (void)memory.release();
  const bool good = bam_read1(reader, &record) >= 0;
  bgzf_close(reader);
  return good;
}

const char* check_cigar(bam1_t& record) {
  auto& core = record.core;
  if (core.n_cigar == 0) return nullptr;
  const std::uint32_t* cigar = bam_get_cigar(&record);
  hts_pos_t length =
      (core.flag & BAM_FUNMAP) != 0 ? 1 : bam_cigar2rlen(static_cast<int>(core.n_cigar), cigar);
  if (length == 0) length = 1;
  core.bin = static_cast<std::uint16_t>(hts_reg2bin(core.pos, core.pos + length, 14, 5));
  if (core.l_qseq > 0 && (core.flag & BAM_FUNMAP) == 0 &&
      bam_cigar2qlen(static_cast<int>(core.n_cigar), cigar) != core.l_qseq) {
    return "CIGAR and sequence have different lengths";
  }
  return nullptr;
}

}  // namespace

bool is_reference(std::int32_t id, const sam_hdr_t& header) { return id >= -1 && id < header.n_targets; }

void reserve_data(bam1_t& record, std::size_t size) {
  if (size <= record.m_data) return;
  auto* data = static_cast<std::uint8_t*>(std::realloc(record.data, size + size / 2));
  if (data == nullptr) throw std::bad_alloc();
  record.data = data;
  record.m_data = static_cast<std::uint32_t>(size + size / 2);
}

const char* load_record(std::string_view bytes, const sam_hdr_t& header, bam1_t& record) {
  if (bytes.size() < 4 + fixed_size) return "the record is too short";
  auto& core = record.core;
  load_fixed(bytes.data() + 4, core);
  const std::string_view rest = bytes.substr(4 + fixed_size);
  if (core.l_qname < 1) return "the read name is empty";
  if (core.l_qseq < 0 || !fits(core, rest.size())) return "the lengths in the record do not fit its size";
  if (!is_reference(core.tid, header) || !is_reference(core.mtid, header)) return "unknown reference number";
  const std::size_t name = core.l_qname;
  if (rest[name - 1] != '\0') {
    if (!read_with_htslib(bytes, record)) return "malformed record";
    return nullptr;
  }
  core.l_extranul = static_cast<std::uint8_t>((4 - name % 4) % 4);
  reserve_data(record, rest.size() + core.l_extranul);
  std::memcpy(record.data, rest.data(), name);
  std::memset(record.data + name, 0, core.l_extranul);
  core.l_qname = static_cast<std::uint16_t>(name + core.l_extranul);
  std::memcpy(record.data + core.l_qname, rest.data() + name, rest.size() - name);
  record.l_data = static_cast<int>(rest.size() + core.l_extranul);
  if (may_have_long_cigar(record) && !read_with_htslib(bytes, record)) return "malformed record";
  return check_cigar(record);
}

const char* store_record(const bam1_t& record, Buffer& to) {
  const auto& core = record.core;
  const std::size_t name = core.l_qname - std::size_t{core.l_extranul};
  if (name > 255) return "the read name is longer than 254 characters";
  if (core.pos > INT_MAX || core.mpos > INT_MAX || core.isize < INT_MIN || core.isize > INT_MAX) {
    return "a position is too large for BAM";
  }
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
    return nullptr;
  }
  const std::uint32_t stand_in[2] = {static_cast<std::uint32_t>(core.l_qseq) << 4 | BAM_CSOFT_CLIP,
                                     static_cast<std::uint32_t>(covered) << 4 | BAM_CREF_SKIP};
  to.append({reinterpret_cast<const char*>(stand_in), sizeof stand_in});
  to.append({cigar + cigar_size, static_cast<std::size_t>(end - cigar) - cigar_size});
  to.append("CGBI");
  to.append({reinterpret_cast<const char*>(&core.n_cigar), sizeof core.n_cigar});
  to.append({cigar, cigar_size});
  return nullptr;
}

}  // namespace mrf::bam
