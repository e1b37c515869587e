// SPDX-License-Identifier: MIT
#include "collect/header.h"

#include <doctest/doctest.h>

#include <string>

#include "base/error.h"

namespace {

using mrf::collect::InputHeader;

const mrf::record::HeaderForm bam = mrf::record::bam_header();
constexpr mrf::collect::HeaderUse keep{mrf::collect::HeaderUse::Way::keep};

std::string length_and(const std::string& text) {
  return std::string{static_cast<char>(text.size()), '\0', '\0', '\0'} + text;
}

std::string bam_header(const std::string& text, const std::string& reference) {
  return "BAM\1" + length_and(text) + length_and("").replace(0, 1, "\1") +
         length_and(reference + std::string(1, '\0')) + std::string("\x64\0\0\0", 4);
}

}  // namespace

TEST_CASE("a BAM header is taken whole, whatever follows") {
  const std::string header = bam_header("@HD\tVN:1.6\n", "chr1");
  mrf::collect::BamReferences references;
  InputHeader reader(bam, keep, references, "a");
  for (std::size_t size = 0; size < header.size(); ++size) {
    CHECK(reader.take(std::string_view(header).substr(0, size), false) == 0);
    CHECK_FALSE(reader.is_over());
  }
  CHECK(reader.take(header + "record", false) == header.size());
  CHECK(reader.is_over());
  CHECK(reader.text() == header);
}

TEST_CASE("references must agree, texts need not") {
  mrf::collect::BamReferences references;
  const auto take = [&](const std::string& header) {
    InputHeader(bam, {}, references, "b").take(header, false);
  };
  references.agree(
      std::string("\1\0\0\0", 4) + length_and(std::string("chr1\0", 5)) + std::string("\x64\0\0\0", 4), "a");
  take(bam_header("", "chr1"));
  take(bam_header("@CO\tother\n", "chr1"));
  CHECK_THROWS_WITH_AS(take(bam_header("", "chr2")),
                       "cannot collect 'b': its references are not those of 'a'", mrf::base::DataError);
  mrf::collect::BamReferences of_rounds;
  InputHeader(bam, {}, of_rounds, "b").take(bam_header("", "chr1"), false);
  CHECK_THROWS_WITH_AS(InputHeader(bam, {}, of_rounds, "b").take(bam_header("", "chr2"), false),
                       "cannot collect 'b': its references are not those of an earlier round (--reopen)",
                       mrf::base::DataError);
}

TEST_CASE("a BAM header that ends early, or is none") {
  mrf::collect::BamReferences references;
  const std::string header = bam_header("x", "chr1");
  for (std::size_t size = 0; size < header.size(); ++size) {
    InputHeader reader(bam, {}, references, "a");
    CHECK_THROWS_AS(reader.take(std::string_view(header).substr(0, size), true), mrf::base::DataError);
  }
  for (const std::string& none :
       {std::string("BAX"), std::string("@HD"), std::string("BAM\1\xff\xff\xff\xff")}) {
    CHECK_THROWS_AS(InputHeader(bam, {}, references, "a").take(none, false), mrf::base::DataError);
  }
}

TEST_CASE("the header of SAM ends with the first line that does not begin with '@', however its bytes come") {
  const std::string header = "@HD\tVN:1.6\n@CO no tab\n";
  const std::string text = header + "r\t4\t*\t0\t0\t*\t*\t0\t0\tA\tI\n@later\n";
  for (std::size_t step = 1; step < text.size(); ++step) {
    mrf::collect::BamReferences references;
    InputHeader reader(mrf::record::sam_header(), keep, references, "a");
    std::size_t taken = 0;
    for (std::size_t seen = 0; seen < text.size() && !reader.is_over(); seen += step) {
      taken += reader.take(std::string_view(text).substr(taken, seen + step - taken), false);
    }
    CHECK(reader.is_over());
    CHECK(taken == header.size());
    CHECK(reader.text() == header);
  }
  mrf::collect::BamReferences references;
  InputHeader reader(mrf::record::sam_header(), keep, references, "a");
  CHECK(reader.take("@CO\tx", false) == 0);
  CHECK(reader.take("@CO\tx", true) == 5);
  CHECK(reader.text() == "@CO\tx\n");
}

TEST_CASE("a SAM record whose name begins with '@' is no header line") {
  mrf::collect::BamReferences references;
  InputHeader reader(mrf::record::sam_header(), keep, references, "a");
  CHECK_THROWS_AS(reader.take("@CO\t4\t*\t0\t0\t*\t*\t0\t0\tA\tI\nr\n", false), mrf::base::DataError);
}

TEST_CASE("a common header is that of the input which is the furthest") {
  mrf::collect::CommonHeader common;
  common.add(0, "@a\n", "one");
  common.add(0, "@a\n@b", "two");
  CHECK_FALSE(common.is_whole());
  common.add(3, "@b\n", "one");
  common.end(6, "one");
  CHECK(common.is_whole());
  CHECK(common.text() == "@a\n@b\n");
  common.add(5, "\n", "two");
  common.end(6, "two");
  CHECK_THROWS_WITH_AS(common.end(3, "three"),
                       "cannot collect 'three': its header is not that of 'one': they differ in line 2: "
                       "nothing where that has '@b'",
                       mrf::base::DataError);
  CHECK_THROWS_WITH_AS(
      common.end(3, "one"),
      "cannot collect 'one': its header is not that of an earlier round (--reopen): they differ in "
      "line 2: nothing where that has '@b'",
      mrf::base::DataError);
  CHECK_THROWS_AS(common.add(3, "@c", "three"), mrf::base::DataError);
  CHECK_THROWS_AS(common.add(6, "@c", "three"), mrf::base::DataError);
}

TEST_CASE("a header that ends while another one is longer already") {
  mrf::collect::CommonHeader common;
  common.add(0, "@a\n@b", "two");
  CHECK_THROWS_AS(common.end(3, "one"), mrf::base::DataError);
}

TEST_CASE("an input without a byte has no header, one with records only has an empty one") {
  const mrf::record::HeaderForm form{"#", 0};
  mrf::collect::CommonHeader common;
  mrf::collect::BamReferences references;
  const mrf::collect::HeaderUse use{mrf::collect::HeaderUse::Way::compare, &common};
  InputHeader(form, use, references, "nothing").take("", true);
  CHECK_FALSE(common.is_whole());
  InputHeader(form, use, references, "first").take("#h\nrecord\n", false);
  CHECK(common.is_whole());
  InputHeader(form, use, references, "nothing").take("", true);
  InputHeader(form, use, references, "header only").take("#h", true);
  CHECK_THROWS_AS(InputHeader(form, use, references, "records only").take("record\n", false),
                  mrf::base::DataError);
}
