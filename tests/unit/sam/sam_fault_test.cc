// SPDX-License-Identifier: MIT
#include "sam/sam_fault.h"

#include <doctest/doctest.h>

#include <string>

#include "sam/header.h"

namespace {

struct Case {
  const char* line;
  const char* fault;
};

}  // namespace

TEST_CASE("each field that is wrong is named") {
  const auto header = mrf::sam::parse_sam_header("@HD\tVN:1.6\n@SQ\tSN:c1\tLN:1000\n", "test");
  const Case cases[] = {
      {"r\t0\tc1\t1", "4 fields where 11 are needed, with tabs between them"},
      {"@CO\tlate", "a header line after the first record: the header comes first"},
      {"r\tx\tc1\t1\t0\t1M\t*\t0\t0\tA\tI", "FLAG 'x' is not a number from 0 to 65535"},
      {"r\t65536\tc1\t1\t0\t1M\t*\t0\t0\tA\tI", "FLAG '65536' is not a number from 0 to 65535"},
      {"r\t+1\tc1\t1\t0\t1M\t*\t0\t0\tA\tI", "FLAG '+1' is not a number from 0 to 65535"},
      {"r\t0\tc1\t+1\t0\t1M\t*\t0\t+-1\tA\tI", "TLEN '+-1' is not a number"},
      {"r\t0\tc1\t+1\t+0\t1M\t*\t+0\t+1\tA\tI\tNM:i:+1", ""},
      {"r\t0\tc2\t1\t0\t1M\t*\t0\t0\tA\tI", "RNAME 'c2' is not in the header: it needs an @SQ line there"},
      {"r\t0\tc1\t-1\t0\t1M\t*\t0\t0\tA\tI", "POS '-1' is not a number of 0 or more"},
      {"r\t0\tc1\t1\t256\t1M\t*\t0\t0\tA\tI", "MAPQ '256' is not a number from 0 to 255"},
      {"r\t0\tc1\t1\t0\t1Q\t*\t0\t0\tA\tI", "CIGAR '1Q' has the unknown operation 'Q'"},
      {"r\t0\tc1\t1\t0\tM\t*\t0\t0\tA\tI", "CIGAR 'M' has an operation without a length"},
      {"r\t0\tc1\t1\t0\t1M1\t*\t0\t0\tA\tI", "CIGAR '1M1' has a length without an operation"},
      {"r\t0\tc1\t1\t0\t2M\t*\t0\t0\tA\tI",
       "CIGAR stands for 2 bases, SEQ has 1: what cuts SEQ has to cut CIGAR and QUAL, too"},
      {"r\t0\tc1\t1\t0\t1M\tc9\t0\t0\tA\tI", "RNEXT 'c9' is not in the header: it needs an @SQ line there"},
      {"r\t0\tc1\t1\t0\t1M\t=\tx\t0\tA\tI", "PNEXT 'x' is not a number of 0 or more"},
      {"r\t0\tc1\t1\t0\t1M\t=\t0\tx\tA\tI", "TLEN 'x' is not a number"},
      {"r\t0\tc1\t1\t0\t1M\t=\t0\t0\tA\tII",
       "SEQ has 1 bases, QUAL 2: what cuts one has to cut the other, too"},
      {"r\t0\tc1\t1\t0\t1M\t=\t0\t0\tA\t\x01",
       "QUAL has a character that is no quality, not one from '!' to '~'"},
      {"r\t0\tc1\t1\t0\t1M\t=\t0\t0\tA\tI\tNM", "the optional field 'NM' is not of the form TAG:TYPE:VALUE"},
      {"r\t0\tc1\t1\t0\t1M\t=\t0\t0\tA\tI\tNM:q:1",
       "the optional field 'NM:q:1' has an unknown type, not one of A, i, f, Z, H and B"},
      {"r\t0\tc1\t1\t0\t1M\t=\t0\t0\tA\tI\tNM:i:x", "the optional field 'NM:i:x' has a malformed value"},
      {"r\t0\tc1\t1\t0\t1M\t=\t0\t0\tA\tI\tNM:B:i,1,x",
       "the optional field 'NM:B:i,1,x' has a malformed value"},
      {"r\t0\tc1\t1\t0\t1M\t=\t0\t0\tA\tI\tNM:H:123", "the optional field 'NM:H:123' has a malformed value"},
  };
  for (const auto& one : cases) CHECK(mrf::sam::fault_of(one.line, *header) == one.fault);
}

TEST_CASE("a reference that is there, a star and an equals sign are known") {
  const auto header = mrf::sam::parse_sam_header("@SQ\tSN:c1\tLN:1000\n", "test");
  const std::string rest = "\t1\t0\t1M\t";
  CHECK(mrf::sam::fault_of("r\t0\tc1" + rest + "=\t0\t0\tA\tI", *header).empty());
  CHECK(mrf::sam::fault_of("r\t0\t*" + rest + "c1\t0\t0\tA\tI", *header).empty());
  CHECK_FALSE(mrf::sam::fault_of("r\t0\t*" + rest + "c\t0\t0\tA\tI", *header).empty());
}

TEST_CASE("what htslib would change in passing is a fault") {
  const auto header = mrf::sam::parse_sam_header("@SQ\tSN:c1\tLN:1000\n", "test");
  const auto fault = [&](const std::string& line) { return mrf::sam::fault_of(line, *header); };
  CHECK(fault("r\t65535\tc1\t1\t255\t1M\t*\t0\t0\tA\tI\tNM:i:1").empty());
  CHECK(fault("r\t65536\tc1\t1\t0\t1M\t*\t0\t0\tA\tI") == "FLAG '65536' is not a number from 0 to 65535");
  CHECK(fault("r\t0\tc1\t1\t256\t1M\t*\t0\t0\tA\tI") == "MAPQ '256' is not a number from 0 to 255");
  CHECK(fault("r\t0\tc1\t1\t0\t1M\t*\t0\t0\tA\tI\tNM:i:1x") ==
        "the optional field 'NM:i:1x' has a malformed value");
}
