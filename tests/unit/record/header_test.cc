// SPDX-License-Identifier: MIT
#include "record/header.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <random>

#include "base/error.h"

namespace {

using namespace std::string_literals;

// The header of a text that arrives in pieces of random sizes.
std::string header_of(const mrf::record::HeaderForm& form, const std::string& text, std::mt19937& random) {
  mrf::record::HeaderReader reader(form, "test");
  std::size_t taken = 0;
  for (std::size_t end = 0; !reader.is_over();) {
    end = std::min(text.size(), end + random() % 4);
    taken += reader.take(std::string_view(text).substr(taken, end - taken), false);
    if (end == text.size() && !reader.is_over()) {
      taken += reader.take(std::string_view(text).substr(taken), true);
      break;
    }
  }
  return text.substr(0, taken);
}

std::string number(std::uint32_t value) { return {reinterpret_cast<const char*>(&value), sizeof value}; }

}  // namespace

TEST_CASE("SAM: header lines begin with '@', and none has the shape of a record") {
  std::mt19937 random(6);
  const std::string header = "@HD\tVN:1.6\n@CO no tab\n@CO\t4\t*\t0\n@x\n";
  CHECK(header_of(mrf::record::sam_header(), header + "r\t4\n@CO\tlater\n", random) == header);
  CHECK_THROWS_WITH_AS(
      header_of(mrf::record::sam_header(), header + "@CO\t4\t*\t0\t0\t*\t*\t0\t0\tA\tI", random),
      "cannot read 'test': record 1 is named '@CO', which SAM text cannot tell from a header "
      "line; keep such records as BAM ('--record bam', 'mrf-bamread -u')",
      mrf::base::DataError);
}

TEST_CASE("header lines by prefix and by count, however they arrive") {
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) {
    CHECK(header_of({"@", 0}, "@a\n@b\nc\n@d\n", random) == "@a\n@b\n");
    CHECK(header_of({"##", 0}, "##a\n#b\n", random) == "##a\n");
    CHECK(header_of({"##", 0}, "#", random).empty());
    CHECK(header_of({"@", 0}, "@a\n@b", random) == "@a\n@b");
    CHECK(header_of({"", 2}, "a\n\nc\n", random) == "a\n\n");
    CHECK(header_of({"", 3}, "a\nb", random) == "a\nb");
    CHECK(header_of({"@", 0}, "", random).empty());
  }
}

TEST_CASE("where lines may be SAM, a header line is '@', two letters and a tab") {
  std::mt19937 random(7);
  const auto form = mrf::record::possible_sam_header();
  CHECK(header_of(form, "@HD\tVN:1.6\n@CO\n@x\n", random) == "@HD\tVN:1.6\n");
  CHECK(header_of(form, "@CO\tx", random) == "@CO\tx");
  CHECK(header_of(form, "@r1\tx\n", random).empty());
  CHECK(header_of(form, "@", random).empty());
}

TEST_CASE("an input without a header has none from the first byte on") {
  mrf::record::HeaderReader reader({}, "test");
  CHECK(reader.is_over());
  CHECK(reader.take("@a\n", false) == 0);
}

TEST_CASE("a BAM header is there whole or not at all, and its end is an error before that") {
  const std::string references = number(2) + number(2) + std::string("x\0", 2) + number(9) + number(1) +
                                 std::string("\0", 1) + number(7);
  const std::string header = std::string("BAM\1", 4) + number(3) + "@CO" + references;
  const auto take = [](const std::string& bytes, bool at_end) {
    return mrf::record::HeaderReader(mrf::record::bam_header(), "x").take(bytes, at_end);
  };
  for (std::size_t cut = 0; cut < header.size(); ++cut) {
    CAPTURE(cut);
    CHECK(take(header.substr(0, cut), false) == 0);
    CHECK_THROWS_AS(take(header.substr(0, cut), true), mrf::base::DataError);
  }
  CHECK(take(header + "record", false) == header.size());
  CHECK(take(header, true) == header.size());
  CHECK(mrf::record::bam_references(header) == references);
  CHECK_THROWS_WITH_AS(take("@HD\t", false),
                       "cannot read 'x': it is not BAM; 'mrf-bamread -u' makes BAM of SAM and CRAM",
                       mrf::base::DataError);
  CHECK_THROWS_WITH_AS(take("", true), "cannot read 'x': it is empty, and a BAM stream has a header at least",
                       mrf::base::DataError);
  CHECK_THROWS_WITH_AS(take(header.substr(0, 9), true), "cannot read 'x': its header is truncated",
                       mrf::base::DataError);
}

TEST_CASE("a BAM header is read in one pass, however its bytes arrive") {
  std::string header = "BAM\1" + number(5) + "@CO\tx" + number(1000);
  for (int i = 0; i < 1000; ++i) header += number(3) + std::string("ab\0", 3) + number(9);
  for (const std::size_t step : {1, 7, 1000000}) {
    mrf::record::HeaderReader reader(mrf::record::bam_header(), "x");
    std::size_t size = 0;
    for (std::size_t end = 0; end < header.size() && size == 0; end = std::min(end + step, header.size())) {
      size = reader.take(std::string_view(header).substr(0, end), false);
    }
    if (!reader.is_over()) size = reader.take(header + "record", false);
    CHECK(size == header.size());
  }
}

TEST_CASE("a malformed BAM header is refused by its reason") {
  const auto refuse = [](const std::string& bytes, const char* reason) {
    mrf::record::HeaderReader reader(mrf::record::bam_header(), "x", "join");
    CHECK_THROWS_WITH_AS(reader.take(bytes, false), fmt::format("cannot join 'x': {}", reason).c_str(),
                         mrf::base::DataError);
  };
  const std::string front = "BAM\1" + number(0);
  refuse("BAM\1" + number(0xffffffff), "its header is malformed: it has a negative length");
  refuse(front + number(0xffffffff), "its header is malformed: it has a negative length");
  refuse(front + number(1) + number(0), "its header is malformed: a reference has no name");
  refuse(front + number(1) + number(2) + "ab" + number(9),
         "its header is malformed: the name of a reference has no end");
}

TEST_CASE("of a line with the date that bcftools writes, the message says what leaves it out") {
  const auto header = [](const char* second) {
    return fmt::format("##fileformat=VCFv4.2\n##bcftools_viewCommand=view -; Date=Mon {}\n#CHROM\n", second);
  };
  CHECK(mrf::record::header_difference(header("1"), header("2")).ends_with("out with --no-version"));
  CHECK(mrf::record::header_difference("##a\n", header("2")).find("no-version") == std::string::npos);
  CHECK_FALSE(mrf::record::is_bcftools_command("##bcftools_viewVersion=1\n##bcftools_viewCommand=view"));
}

TEST_CASE("a header line of SAM begins with '@', two letters, and a tab where it goes on") {
  for (const char* line : {"@HD\tVN:1.6", "@co\t", "@CO\tx\n", "@Xy"}) {
    CAPTURE(line);
    CHECK(mrf::record::is_sam_header_line(line));
  }
  for (const char* line : {"", "@", "@H", "HD\tx", "xHD\tx", "@1D\tx", "@H1\tx", "@HD x", "@HD\n", "@COx"}) {
    CAPTURE(line);
    CHECK(!mrf::record::is_sam_header_line(line));
  }
}

// Each row: two texts, and whether the second one is refused behind the first.
TEST_CASE(
    "a header of SAM behind another one's records is found, and lines that only look like one are not") {
  const std::string record = "r\t4\t*\t0\t0\t*\t*\t0\t0\t*\t*\n";
  const std::string many(2000, 'x');
  const struct {
    std::string first;
    std::string second;
    bool is_refused;
  } rows[] = {
      {"@HD\tVN:1.6\n" + record, "@HD\tVN:1.6\n" + record, true},
      {"@HD\tVN:1.6\n" + record, "@HD\tVN:1.6\n", true},
      {"@HD\tVN:1.6\n" + record, "@HD\tVN:1.6", true},
      {"@RG\tID:1\n" + record, "@RG\tID:2\n" + record, true},
      {"@RG\tID:1\n" + record, "@RG\tID:2\n", false},
      {"@SQ\tSN:1\tLN:1\n", "@SQ\tSN:2\tLN:1\n", false},
      {"@CO\t" + many + "\n" + record, "@CO\t" + many + "\n" + record, true},
      {"@CO\tx\nAC\n+\nII\n", "@CO\tx\nAC\n+\nII\n", false},
      {"@CO\tx\n" + many, "@CO\tx\n" + many, false},
      {"@CO\tx\nAC\n", "@CO\tx\nAC\n", true},
      {"@CO\tx\0a\n"s + record, "@CO\tx\0a\n"s + record, false},
      {"@CO\tx\n\0"s + record, "@CO\tx\n\0"s + record, true},
      {record, record, false},
      {"", "", false},
  };
  // Wherever the front ends.
  for (std::size_t size = 900; size < 1100; ++size) {
    const std::string line = "@SQ\tSN:" + std::string(size, 's') + "\tLN:1\n";
    mrf::record::RepeatedHeaders headers;
    CHECK(headers.find("@HD\tVN:1.6\n" + line + line + record, "a").empty());
    CHECK(headers.find("@HD\tVN:1.6\n" + line + record, "b") == "a");
    CHECK(headers.find("@HD\tVN:1.6\n" + line + std::string(200, 'r') + record, "c") == "a");
  }
  for (const auto& row : rows) {
    CAPTURE(row.first);
    CAPTURE(row.second);
    mrf::record::RepeatedHeaders headers;
    CHECK(headers.find(row.first, "a").empty());
    CHECK(headers.find(row.second, "b") == (row.is_refused ? "a" : ""));
  }
  for (const std::string& file : {"BCF\2\2x"s, "BAM\1x"s, "CRAM\3\1x"s, "##fileformat=VCFv4.2\n"s}) {
    CAPTURE(file);
    mrf::record::RepeatedHeaders headers;
    CHECK(headers.find(file, "a").empty());
    CHECK(headers.find(record, "b").empty());
    CHECK(headers.find(file + "more", "c") == "a");
    CHECK(mrf::record::RepeatedHeaders::are_alike(file, file + "more"));
    CHECK_FALSE(mrf::record::RepeatedHeaders::are_alike(file, record));
    for (std::size_t size = 0; size < 4; ++size)
      CHECK_FALSE(mrf::record::RepeatedHeaders::is_enough(file.substr(0, size)));
  }
  for (const std::string& file : {"\xfd\x37zXZ\0"s, "\x28\xb5\x2f\xfd"s, "BZh9\x31\x41\x59\x26\x53\x59"s}) {
    mrf::record::RepeatedHeaders headers;
    CHECK(headers.doubt(record, "they").empty());
    CHECK(headers.doubt(file, "they").empty());
    CHECK(headers.doubt(file, "they").starts_with("cannot tell whether they begin with a header each"));
    CHECK(headers.doubt(file, "they").empty());
  }
  for (const std::string& file : {"\x1f"s, "\x1f\x8b\b"s, "##fileformat=VC"s, "@"s, "@CO"s})
    CHECK_FALSE(mrf::record::RepeatedHeaders::is_enough(file));
  for (const std::string& file : {"a\n"s, "##fileformat=B"s, "@r\n"s, "BA\n"s, "##fileformat=VCF"s})
    CHECK(mrf::record::RepeatedHeaders::is_enough(file));
  CHECK(mrf::record::RepeatedHeaders::is_enough(record));
  CHECK_FALSE(mrf::record::RepeatedHeaders::is_enough("@CO\t" + many.substr(0, 500)));
  CHECK(mrf::record::RepeatedHeaders::is_enough("@CO\t" + many));
}
