// SPDX-License-Identifier: MIT
#include "record/key.h"

#include <doctest/doctest.h>

#include "base/error.h"

namespace {

const mrf::record::RecordForm line{mrf::record::RecordForm::Kind::line, 1};
const mrf::record::RecordForm fastq{mrf::record::RecordForm::Kind::fastq, 1};

std::string key_of(const std::string& form, std::string_view record, mrf::record::RecordForm kind = line) {
  const auto finder = mrf::record::make_key_finder(mrf::record::parse_key_form(form), kind);
  return std::string(finder->find(record).value_or("none"));
}

}  // namespace

TEST_CASE("columns and what comes after a text") {
  CHECK(key_of("column:1", "a\tb\n") == "a");
  CHECK(key_of("column:2", "a\tb\n") == "b");
  CHECK(key_of("column:2", "a\tb\r\n") == "b");
  CHECK(key_of("column:1", "a\r\tb\r\n") == "a\r");
  CHECK(key_of("column:1", "a\r\r\n") == "a\r");
  CHECK(key_of("column:1", "\n").empty());
  CHECK(key_of("column:3", "a\tb\n") == "none");
  CHECK(key_of("column:2", "a\nb\tc\n") == "none");
  CHECK(key_of("column:2:2", "a\tbcd\n") == "bc");
  CHECK(key_of("after:x=", "y=1;x=2;3\tz\n") == "2;3");
  CHECK(key_of("after:x=", "y\n") == "none");
  CHECK(key_of("after:UB:Z:", "UB:Z:AC\n") == "AC");
  CHECK(key_of("after:UB:Z:1", "UB:ZAC\n") == "A");
}

TEST_CASE("a key at the end of a NUL-terminated record") {
  const mrf::record::RecordForm nul{mrf::record::RecordForm::Kind::nul, 1};
  CHECK(key_of("column:1", std::string("a\0", 2), nul) == "a");
  CHECK(key_of("column:2", std::string("a\tb\0", 4), nul) == "b");
  CHECK(key_of("column:2", std::string("a\tb\nc\0", 6), nul) == "b");
  CHECK(key_of("column:1", std::string("\0", 1), nul).empty());
  CHECK(key_of("after:=", std::string("x=1\0", 4), nul) == "1");
  CHECK(key_of("after:=", std::string("x=1\0", 4)) == std::string("1\0", 2));
}

TEST_CASE("SAM tags, wherever they are") {
  const std::string fields = "r\t0\tc\t1\t9\t1M\t*\t0\t0\tA\tI";
  CHECK(key_of("tag:CB", fields + "\tCB:Z:AC\n") == "AC");
  CHECK(key_of("tag:CB", fields + "\tNM:i:1\tCB:Z:AC\tUB:Z:x\n") == "AC");
  CHECK(key_of("tag:CB", fields + "\tCB:Z:AC\r\n") == "AC");
  CHECK(key_of("tag:CB:1", fields + "\tCB:Z:AC\n") == "A");
  CHECK(key_of("tag:CB", fields + "\tCB:Z:\n").empty());
  CHECK(key_of("tag:NM", fields + "\tNM:i:-3\n") == "-3");
  for (const char* same : {"5", "05", "+5", "+005"})
    CHECK(key_of("tag:CB", fields + "\tCB:i:" + same + "\n") == "5");
  for (const char* same : {"0", "-0", "+00"})
    CHECK(key_of("tag:CB", fields + "\tCB:i:" + same + "\n") == "0");
  CHECK(key_of("tag:CB", fields + "\tCB:i:-012\n") == "-12");
  CHECK(key_of("tag:CB", fields + "\tCB:Z:05\n") == "05");
  CHECK(key_of("tag:CB", fields + "\tXX:Z:CB:Z:no\n") == "none");
  CHECK(key_of("tag:ML", fields + "\tML:B:c,1\n") == "none");
  CHECK(key_of("tag:CB", "r\t0\tc\t1\t9\t1M\t*\t0\t0\tA\tCB:Z:I\n") == "none");
  CHECK(key_of("tag:CB", "\n") == "none");
  for (std::size_t padding = 0; padding < 200; ++padding) {
    CAPTURE(padding);
    const std::string padded = fields + "\tCO:Z:" + std::string(padding, 'C');
    CHECK(key_of("tag:CB", padded + "\tCB:Z:AC") == "AC");
    CHECK(key_of("tag:CB", padded + "\tCB:Z") == "none");
  }
}

TEST_CASE("names") {
  CHECK(mrf::record::record_name(line, "r1/1\tx\n") == "r1");
  CHECK(mrf::record::record_name(line, "r1\n") == "r1");
  CHECK(mrf::record::record_name(line, "\n").empty());
  CHECK(mrf::record::record_name(fastq, "@r1/2 x/1\nA\n+\nI\n") == "r1");
  CHECK(mrf::record::record_name(fastq, "@r1/3\nA\n+\nI\n") == "r1/3");
  CHECK(mrf::record::record_name(fastq, "@\nA\n+\nI\n").empty());
  CHECK(key_of("name:2", "@abc x\nA\n+\nI\n", fastq) == "ab");
  const mrf::record::RecordForm bam{mrf::record::RecordForm::Kind::bam, 1};
  const std::string fixed = std::string(12, 0) + '\5' + std::string(23, 0);
  CHECK(mrf::record::record_name(bam, fixed + "r1/2" + std::string(1, 0)) == "r1");
}

TEST_CASE("the hash is XXH3 with 64 bits") {
  CHECK(mrf::record::key_hash("") == 0x2d06800538d394c2U);
  CHECK(mrf::record::key_hash("a") == 0xe6c632b61e964e1fU);
  CHECK(mrf::record::key_hash("abc") == 0x78af5f94892f3950U);
}

TEST_CASE("keys that there are not") {
  for (const char* form :
       {"tag", "tag:C", "tag:1C", "tag:CB:0", "column:", "column:0", "column:1:x", "after:", "names"}) {
    CAPTURE(form);
    CHECK_THROWS_AS(mrf::record::parse_key_form(form), mrf::base::UsageError);
  }
  CHECK_THROWS_AS(mrf::record::make_key_finder(mrf::record::parse_key_form("tag:CB"), fastq),
                  mrf::base::UsageError);
}
