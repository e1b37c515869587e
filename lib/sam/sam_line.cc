// SPDX-License-Identifier: MIT
#include "sam/sam_line.h"

#include <array>

#include "sam/aux_line.h"
#include "sam/bases.h"
#include "sam/characters.h"
#include "sam/line_cursor.h"
#include "sam/record.h"

namespace mrf::sam {

namespace {

constexpr std::size_t longest_name = 254;

// Adds to the record's data, which has room.
std::uint8_t* data_end(bam1_t& record) { return record.data + record.l_data; }

bool parse_name(LineCursor& cursor, bam1_t& record) {
  std::string_view name;
  if (!cursor.field(name) || name.empty() || name.size() > longest_name || !are_name_characters(name))
    return false;
  auto& core = record.core;
  const std::size_t size = name.size() + 1;
  core.l_extranul = static_cast<std::uint8_t>((4 - size % 4) % 4);
  core.l_qname = static_cast<std::uint16_t>(size + core.l_extranul);
  std::memset(record.data + core.l_qname - 4, 0, 4);
  std::memcpy(record.data, name.data(), name.size());
  record.l_data = core.l_qname;
  return true;
}

constexpr std::uint32_t no_operation = 16;
constexpr auto cigar_codes = [] {
  std::array<std::uint32_t, 256> codes{};
  codes.fill(no_operation);
  constexpr std::string_view operations = "MIDNSHP=XB";
  for (std::size_t i = 0; i < operations.size(); ++i) {
    codes[static_cast<unsigned char>(operations[i])] = static_cast<std::uint32_t>(i);
  }
  return codes;
}();

bool parse_cigar(LineCursor& cursor, bam1_t& record, Coverage& coverage) {
  auto& core = record.core;
  coverage = {};
  core.n_cigar = 0;
  if (cursor.take('*')) return cursor.take('\t');
  std::uint8_t* to = data_end(record);
  do {
    std::uint32_t length = 0;
    if (!cursor.number(length) || length >= 1U << 28 || cursor.at_end()) return false;
    const std::uint32_t code = cigar_codes[static_cast<unsigned char>(*cursor.at())];
    if (code == no_operation) return false;
    cursor.skip(1);
    add_operation(coverage, code, length);
    const std::uint32_t operation = length << BAM_CIGAR_SHIFT | code;
    std::memcpy(to, &operation, sizeof operation);
    to += sizeof operation;
    ++core.n_cigar;
  } while (!cursor.take('\t'));
  record.l_data = static_cast<int>(to - record.data);
  return true;
}

bool parse_length(LineCursor& cursor, bam1_t& record) {
  const bool negative = cursor.take('-');
  std::uint32_t length = 0;
  if (!cursor.number(length)) return false;
  record.core.isize = negative ? -hts_pos_t{length} : hts_pos_t{length};
  return cursor.take('\t');
}

// A CIGAR that begins with a clip of the whole read may stand for one in a CG tag.
bool fits_cigar(const bam1_t& record, const Coverage& coverage) {
  const auto& core = record.core;
  if (core.n_cigar == 0) return true;
  const std::uint32_t* cigar = bam_get_cigar(&record);
  if (bam_cigar_op(*cigar) == BAM_CSOFT_CLIP &&
      bam_cigar_oplen(*cigar) == static_cast<std::uint32_t>(core.l_qseq)) {
    return false;
  }
  return core.l_qseq == 0 || coverage.read == core.l_qseq;
}

bool parse_bases(LineCursor& cursor, bam1_t& record, const Coverage& coverage) {
  std::string_view bases;
  if (!cursor.field(bases) || bases.empty()) return false;
  const bool none = bases == "*";
  record.core.l_qseq = none ? 0 : static_cast<std::int32_t>(bases.size());
  if (!fits_cigar(record, coverage)) return false;
  if (none) return cursor.take('*');
  if (!pack_bases(bases.data(), bases.size(), data_end(record))) return false;
  record.l_data += static_cast<int>((bases.size() + 1) / 2);
  std::uint8_t* qualities = data_end(record);
  record.l_data += static_cast<int>(bases.size());
  const bool alone = cursor.left() == 1 || (cursor.left() > 1 && cursor.at()[1] == '\t');
  if (alone && cursor.take('*')) {
    std::memset(qualities, 0xff, bases.size());
    return true;
  }
  if (cursor.left() < bases.size() || !pack_qualities(cursor.at(), bases.size(), qualities)) return false;
  cursor.skip(bases.size());
  return true;
}

bool parse_rest(LineCursor& cursor, bam1_t& record) {
  if (cursor.at_end()) return true;
  std::uint8_t* end = nullptr;
  if (!cursor.take('\t') || !parse_aux(cursor, data_end(record), end)) return false;
  record.l_data = static_cast<int>(end - record.data);
  return true;
}

}  // namespace

bool SamLine::find_reference(std::string_view name, const sam_hdr_t& header, std::int32_t& id) {
  if (id_ < 0 || name != name_) {
    name_ = name;
    id_ = sam_hdr_name2tid(const_cast<sam_hdr_t*>(&header), name_.c_str());
  }
  id = id_;
  return id >= 0;
}

// What has no place or no CIGAR stays as it is, which htslib makes unmapped.
bool SamLine::parse_place(LineCursor& cursor, const sam_hdr_t& header, bam1_t& record, Coverage& coverage) {
  auto& core = record.core;
  std::uint32_t number = 0;
  std::string_view name;
  constexpr std::uint32_t any = ~std::uint32_t{0};
  if (!cursor.number_field(number, 0xffff)) return false;
  core.flag = static_cast<std::uint16_t>(number);
  if (!cursor.field(name)) return false;
  core.tid = -1;
  if (name != "*" && !find_reference(name, header, core.tid)) return false;
  if (!cursor.number_field(number, any)) return false;
  core.pos = hts_pos_t{number} - 1;
  if (!cursor.number_field(number, 0xff) || !parse_cigar(cursor, record, coverage)) return false;
  core.qual = static_cast<std::uint8_t>(number);
  core.bin = bin_of(record, coverage.reference);
  if (!cursor.field(name)) return false;
  core.mtid = name == "=" ? core.tid : -1;
  if (name != "=" && name != "*" && !find_reference(name, header, core.mtid)) return false;
  if (!cursor.number_field(number, any)) return false;
  core.mpos = hts_pos_t{number} - 1;
  return parse_length(cursor, record);
}

bool SamLine::parse(std::string_view line, const sam_hdr_t& header, bam1_t& record) {
  constexpr std::size_t slack = 64;
  constexpr std::size_t longest = 0x20000000;
  if (line.size() > longest) return false;
  reserve_data(record, 2 * line.size() + slack);
  LineCursor cursor(line);
  Coverage coverage;
  return parse_name(cursor, record) && parse_place(cursor, header, record, coverage) &&
         parse_bases(cursor, record, coverage) && parse_rest(cursor, record);
}

}  // namespace mrf::sam
