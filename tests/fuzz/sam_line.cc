// SPDX-License-Identifier: MIT
#include "sam/sam_line.h"

#include <cstring>

#include "fuzz.h"
#include "sam/header.h"
#include "sam/sam_fault.h"

using namespace mrf;

namespace {

constexpr const char* references = "@SQ\tSN:c1\tLN:1000\n@SQ\tSN:chromosome_2\tLN:2000000000\n";

bool same(const bam1_t& a, const bam1_t& b) {
  return a.core.pos == b.core.pos && a.core.tid == b.core.tid && a.core.bin == b.core.bin &&
         a.core.qual == b.core.qual && a.core.l_extranul == b.core.l_extranul && a.core.flag == b.core.flag &&
         a.core.l_qname == b.core.l_qname && a.core.n_cigar == b.core.n_cigar &&
         a.core.l_qseq == b.core.l_qseq && a.core.mtid == b.core.mtid && a.core.mpos == b.core.mpos &&
         a.core.isize == b.core.isize && a.l_data == b.l_data &&
         std::memcmp(a.data, b.data, static_cast<std::size_t>(a.l_data)) == 0;
}

}  // namespace

// A line that the parser takes is one that htslib takes, too, and both make the same record of it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sam::silence_htslib();
  static const auto header = sam::parse_sam_header(references, "fuzz");
  const std::string_view line = fuzz::text_of(data, size);
  if (line.find('\n') != line.npos || line.find('\0') != line.npos) return 0;
  sam::SamLine parser;
  const auto ours = sam::make_record();
  if (!parser.parse(line, *header, *ours)) return 0;
  fuzz::check(sam::fault_of(line, *header).empty(), "what is taken has no fault");
  sam::Text text;
  const auto theirs = sam::make_record();
  fuzz::check(sam::parse_unusual(line, *header, text, *theirs), "htslib takes what is taken");
  fuzz::check(same(*ours, *theirs), "both make the same record of a line");
  return 0;
}
