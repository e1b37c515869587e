// SPDX-License-Identifier: MIT
#include "record/sequence.h"

#include <doctest/doctest.h>

#include <string>

using mrf::record::find_sequence;
using mrf::record::SequenceField;
using mrf::record::SequencePlace;

namespace {

const std::string sam_columns = "r1\t0\tchr1\t1\t60\t4M\t*\t0\t0\tACGT\tIIII";

std::string stamped(SequencePlace place, const std::string& record, std::string_view stamp) {
  if (place == SequencePlace::column) return std::string(stamp) + record + "\n";
  return record + std::string(stamp) + "\n";
}

std::string without(const std::string& record, const mrf::record::SequenceMark& mark) {
  return record.substr(0, mark.begin) + record.substr(mark.begin + mark.size);
}

}  // namespace

TEST_CASE("a number goes into a record and out again, across all widths and the wrap") {
  for (const auto place : {SequencePlace::column, SequencePlace::tag}) {
    for (const std::uint64_t first : {0ULL, 95ULL, 999999990ULL, 2147483640ULL, 4294967290ULL}) {
      SequenceField stamp(place, first);
      for (std::uint64_t n = first; n < first + 1100; ++n, stamp.advance()) {
        REQUIRE(stamp.number() == n);
        const std::string digits = std::to_string(n % 2147483648U);
        REQUIRE(stamp.text() == (place == SequencePlace::column ? digits + "\t" : "\tmi:i:" + digits));
        const std::string record = stamped(place, sam_columns, stamp.text());
        const auto mark = mrf::record::find_sequence(place, record);
        REQUIRE(mark);
        REQUIRE(mark->number == n % 2147483648U);
        REQUIRE(without(record, *mark) == sam_columns + "\n");
      }
    }
  }
}

TEST_CASE("a tag is found wherever it stands, and the last one counts") {
  for (const char* tags : {"\tmi:i:5", "\tmi:i:5\tXX:Z:a", "\tmi:i:9\tmi:i:5", "\tmi:i:9\tmi:i:5\tXX:i:7",
                           "\tmi:i:5\r", "\tNM:i:3\tmi:i:5\tAS:i:3"}) {
    CAPTURE(tags);
    const auto mark = mrf::record::find_sequence(SequencePlace::tag, sam_columns + tags + "\n");
    REQUIRE(mark);
    CHECK(mark->number == 5);
    CHECK((sam_columns + tags).substr(mark->begin, mark->size) == "\tmi:i:5");
  }
}

TEST_CASE("no tag, a tag among the columns and a tag that is no number are none") {
  for (const char* tags : {"", "\t", "\tmi:i:", "\tmi:i:x", "\tmi:i:5x", "\tmi:i:-5", "\tmi:Z:5",
                           "\tmi:i:2147483648", "\tmi:i:99999999999", "\tXmi:i:5", "\tmi:i:5 \tXX:i:1"}) {
    CAPTURE(tags);
    CHECK_FALSE(find_sequence(SequencePlace::tag, sam_columns + tags + "\n"));
  }
  CHECK_FALSE(
      find_sequence(SequencePlace::tag, "r1\tmi:i:5\tchr1\t1\t60\t4M\t*\t0\t0\tACGT\tIIII\tNM:i:0\n"));
  CHECK_FALSE(find_sequence(SequencePlace::tag, "\n"));
  CHECK_FALSE(find_sequence(SequencePlace::tag, ""));
}

TEST_CASE("a column is digits and a tab") {
  CHECK(find_sequence(SequencePlace::column, "7\t")->size == 2);
  CHECK(find_sequence(SequencePlace::column, "007\tx\n")->number == 7);
  for (const char* record :
       {"", "\n", "7", "7\n", "x\t7\n", "-1\tx\n", " 7\tx\n", "7 \tx\n", "2147483648\tx\n"}) {
    CAPTURE(record);
    CHECK_FALSE(find_sequence(SequencePlace::column, record));
  }
}

TEST_CASE("numbers unwrap to the nearest, forwards and backwards") {
  mrf::record::SequenceUnwrapper unwrapper;
  CHECK(unwrapper.unwrap(0) == 0);
  CHECK(unwrapper.unwrap((1U << 30) - 1) == (1 << 30) - 1);
  CHECK(unwrapper.unwrap((1U << 31) - 2) == (1LL << 31) - 2);
  CHECK(unwrapper.unwrap(3) == (1LL << 31) + 3);
  CHECK(unwrapper.unwrap(2) == (1LL << 31) + 2);
  CHECK(unwrapper.last() == (1LL << 31) + 2);
  CHECK(unwrapper.unwrap((1U << 31) - 1) == (1LL << 31) - 1);
  mrf::record::SequenceUnwrapper fresh;
  CHECK(fresh.unwrap((1U << 31) - 1) == -1);
  mrf::record::SequenceUnwrapper far;
  CHECK(far.unwrap(1U << 30) == 1LL << 30);
  CHECK(far.unwrap(0) == 1LL << 31);
  CHECK(far.unwrap((1U << 30) + 1) == (1LL << 30) + 1);
}

namespace {

// Name "r", one CIGAR operation, three bases; then what is given.
std::string bam_record(const std::string& fields) {
  std::string body(32, '\0');
  body[8] = 2;
  body[12] = 1;
  body[16] = 3;
  body += std::string("r\0", 2) + "CIGA" + "BB" + "QQQ" + fields;
  const auto length = static_cast<char>(body.size());
  return std::string{length, '\0', '\0', '\0'} + body;
}

}  // namespace

TEST_CASE("the number in a BAM record is found in the end and between other fields, of any integer type") {
  mrf::record::SequenceField stamp(SequencePlace::aux, 1000000);
  const std::string number(stamp.text());
  const std::string array("XBBC\7\0\0\0mii\1\0\0\0", 15);
  const std::string text("CBZACGT-1\0", 10);
  for (const std::string& after : {std::string(), text, array, text + array}) {
    const std::string record = bam_record(text + number + after);
    const auto mark = mrf::record::find_sequence(SequencePlace::aux, record);
    REQUIRE(mark);
    CHECK(mark->number == 1000000);
    CHECK(record.substr(0, mark->begin) + record.substr(mark->begin + mark->size) ==
          record.substr(0, record.size() - number.size() - after.size()) + after);
  }
  stamp.advance();
  CHECK(mrf::record::find_sequence(SequencePlace::aux, bam_record(std::string(stamp.text())))->number ==
        1000001);
  CHECK(mrf::record::find_sequence(SequencePlace::aux, bam_record(text + "miC\xfe"))->number == 254);
  CHECK(mrf::record::find_sequence(SequencePlace::aux, bam_record(std::string("miS\1\xff", 5)))->number ==
        0xff01);
}

TEST_CASE("a BAM record without a valid number") {
  const std::string array("XBBC\7\0\0\0mii\1\0\0\0", 15);
  for (const std::string& fields :
       {std::string(), array, std::string("mic\xff"), std::string("miZ1\0", 5), std::string("mii\1\0\0"),
        std::string("miI\0\0\0\x80", 7), std::string("XZZno end") + std::string("mii\1\1\1\1")}) {
    CHECK_FALSE(mrf::record::find_sequence(SequencePlace::aux, bam_record(fields)));
  }
  CHECK_FALSE(mrf::record::find_sequence(SequencePlace::aux, ""));
}
