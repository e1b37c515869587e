// SPDX-License-Identifier: MIT
#include "record/record.h"

#include <doctest/doctest.h>

#include <limits>
#include <random>
#include <string>
#include <vector>

#include "base/error.h"
#include "record/framer.h"

namespace {

using Records = std::vector<std::string>;

constexpr auto no_limit = std::numeric_limits<std::uint64_t>::max();

std::string joined(const Records& records) {
  std::string text;
  for (const auto& record : records) text += record;
  return text;
}

mrf::record::RecordForm form_of(const std::string& text) {
  return text == "sam" ? mrf::record::RecordForm{mrf::record::RecordForm::Kind::sam, 1}
                       : mrf::record::parse_record_form(text);
}

// Shows `text` to a framer a few bytes at a time, as a pipe would, and returns the records it finds.
Records framed(const std::string& text, const std::string& form, std::mt19937& random) {
  const auto framer = mrf::record::make_framer(form_of(form), "test");
  Records records;
  std::string held;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t step = random() % 40;
    held += text.substr(at, step);
    at += step;
    for (;;) {
      const mrf::record::Span span = framer->take(held, 1);
      if (span.records == 0) break;
      records.push_back(held.substr(0, span.bytes));
      held.erase(0, span.bytes);
    }
  }
  if (!held.empty()) records.push_back(held + std::string(framer->complete(held)));
  return records;
}

std::string word(std::mt19937& random, std::size_t longest) {
  std::string text(random() % (longest + 1), ' ');
  for (char& c : text) c = "ab@+\r"[random() % 5];
  return text;
}

Records some_records(const std::string& form, std::mt19937& random) {
  Records records(random() % 30);
  for (auto& record : records) {
    const std::size_t longest = random() % 4 == 0 ? 200 : 9;
    if (form == "line") record = word(random, longest) + "\n";
    if (form == "nul") record = word(random, longest) + "\n" + std::string(1, '\0');
    if (form == "lines:3") record = word(random, longest) + "\n\n" + word(random, longest) + "\n";
    if (form == "fixed:7") record = "\n" + std::string(6, 'x');
    if (form == "fastq") {
      const std::string name = word(random, longest);
      record = "@" + name + "\nAC\n+" + (random() % 2 == 0 ? name : "") + "\n@+\n";
    }
    if (form == "fasta")
      record = ">" + word(random, longest) + "\nA>C\n" + (random() % 2 == 0 ? "\n+>\n" : "");
    if (form == "start:ab@") record = "ab@" + word(random, longest) + "\nab\nxab@\n";
    if (form == "sam") record = "r" + word(random, longest) + "\n";
    if (form == "bam") {
      const std::size_t length = 32 + random() % 300;
      record = {static_cast<char>(length & 255), static_cast<char>(length >> 8), 0, 0};
      record += std::string(length, '\n');
    }
  }
  return records;
}

// Records of the first ones show their own end, those of the others where the next one begins.
constexpr const char* forms[] = {"line", "lines:3", "fastq", "nul",      "fixed:7",
                                 "bam",  "sam",     "fasta", "start:ab@"};
constexpr std::size_t ended_forms = 7;

}  // namespace

TEST_CASE("records are found however the bytes arrive") {
  std::mt19937 random(1);
  for (int round = 0; round < 3000; ++round) {
    const char* form = forms[round % std::size(forms)];
    const Records records = some_records(form, random);
    CAPTURE(form);
    CAPTURE(round);
    CHECK(framed(joined(records), form, random) == records);
  }
}

TEST_CASE("take stops at its maximum") {
  std::mt19937 random(2);
  for (int round = 0; round < 3000; ++round) {
    const char* form = forms[static_cast<std::size_t>(round) % ended_forms];
    const Records records = some_records(form, random);
    const std::string text = joined(records);
    CAPTURE(form);
    CAPTURE(round);
    const std::uint64_t limit = random() % 20;
    const auto framer = mrf::record::make_framer(form_of(form), "test");
    const mrf::record::Span span = framer->take(text, limit);
    const std::size_t expected = std::min<std::size_t>(limit, records.size());
    CHECK(span.records == expected);
    CHECK(span.bytes == joined({records.begin(), records.begin() + static_cast<long>(expected)}).size());
    CHECK(framer->take(std::string_view(text).substr(span.bytes), no_limit).bytes ==
          text.size() - span.bytes);
    CHECK(framer->take("", no_limit).bytes == 0);
  }
}

TEST_CASE("a piece of whole records is split anywhere") {
  std::mt19937 random(7);
  for (int round = 0; round < 3000; ++round) {
    const char* form = forms[round % std::size(forms)];
    const Records records = some_records(form, random);
    const std::string text = joined(records);
    CAPTURE(form);
    CAPTURE(round);
    const auto framer = mrf::record::make_framer(form_of(form), "test");
    std::string_view rest = text;
    for (std::size_t done = 0; done < records.size();) {
      const std::size_t limit = 1 + random() % 9;
      const mrf::record::Span span = framer->split(rest, limit);
      REQUIRE(span.records == std::min(limit, records.size() - done));
      done += span.records;
      rest.remove_prefix(span.bytes);
    }
    CHECK(rest.empty());
  }
}

TEST_CASE("a record of any length may go ahead in parts") {
  for (const char* form : {"line", "fasta", "start:>r", "sam"}) {
    CAPTURE(form);
    const auto framer = mrf::record::make_framer(form_of(form), "test");
    const std::string first = ">r" + std::string(100, 'x') + "\n";
    const std::string text = first + ">rs\n";
    std::string held;
    std::size_t gone = 0;
    std::uint64_t records = 0;
    for (const char c : text) {
      held += c;
      const mrf::record::Span span = framer->take(held, 1);
      if (span.records > 0) CHECK(gone + span.bytes == (records == 0 ? first.size() : text.size()));
      records += span.records;
      const std::size_t part = span.records == 0 && held.size() > 5 ? framer->take_part(held) : span.bytes;
      held.erase(0, part);
      gone += part;
    }
    if (!held.empty()) CHECK(framer->complete(held).empty());
  }
}

TEST_CASE("FASTA: '>' begins a record at the start of a line only, empty lines and returns are kept") {
  std::mt19937 random(8);
  CHECK(framed("\r\n\n>a b>c\r\nA>\r\n\r\n\nC\r\n>b\n>c\nG", "fasta", random) ==
        Records{"\r\n\n>a b>c\r\nA>\r\n\r\n\nC\r\n", ">b\n", ">c\nG\n"});
  CHECK(framed(">", "fasta", random) == Records{">\n"});
  CHECK_THROWS_WITH_AS(framed("\nA\n>b\n", "fasta", random),
                       "cannot read 'test': record 1 does not start with '>' at the start of a line",
                       mrf::base::DataError);
  CHECK_THROWS_WITH_AS(framed("\n\n", "fasta", random), "cannot read 'test': it has empty lines only",
                       mrf::base::DataError);
  CHECK_THROWS_AS(framed("LOC", "start:LOCUS", random), mrf::base::DataError);
}

TEST_CASE("FASTQ: as many qualities as bases, and one name") {
  std::mt19937 random(9);
  for (const char* good :
       {"@a b\r\nAC\r\n+a b\r\nII\r\n", "@a b\nAC\n+a\nII\n", "@\n\n+\n\n", "@a\n\n+a\n\n"}) {
    CHECK(framed(good, "fastq", random) == Records{good});
  }
  CHECK(framed("@a\r\nAC\r\n+\r\nII", "fastq", random) == Records{"@a\r\nAC\r\n+\r\nII\n"});
  const std::string first = "@r\nAC\n+\n@@\n";
  const auto message = [&](const std::string& second) -> std::string {
    try {
      framed(first + second, "fastq", random);
    } catch (const mrf::base::DataError& error) {
      return error.what();
    }
    return "nothing";
  };
  const std::string cannot = "cannot read 'test': record 2 (line ";
  CHECK(message("@a\nAC\n+\nI") == cannot + "8) has 2 bases and 1 qualities");
  CHECK(message("@a\nAC\n+\nIII\n@b\nA\n+\nI\n") == cannot + "8) has 2 bases and 3 qualities");
  CHECK(message("@a\nAC\n+b\nII\n") == cannot + "7) is named 'a', and 'b' behind the '+'");
  CHECK(message("\n") == cannot + "5) is an empty line");
  CHECK(message(">a\nAC\n") == cannot + "5) starts with '>': '--record fasta' takes FASTA");
  CHECK(message("@a\nAC\nGT\n+\nII\nII\n")
            .starts_with(cannot + "7) has no '+' on its third line: a record is"));
  // Wherever two records are cut, only what is whole passes: at the end of one, with or without its newline.
  const std::string two = first + "@s\nACG\n+\nIII\n";
  for (std::size_t size = 1; size < two.size(); ++size) {
    CAPTURE(size);
    const bool is_whole = size == first.size() || size + 1 == first.size() || size + 1 == two.size();
    const auto cut = [&] { framed(two.substr(0, size), "fastq", random); };
    if (is_whole) {
      CHECK_NOTHROW(cut());
    } else {
      CHECK_THROWS_AS(cut(), mrf::base::DataError);
    }
  }
}

TEST_CASE("SAM: a line that begins with '@' is no record") {
  std::mt19937 random(10);
  CHECK_THROWS_WITH_AS(
      framed("r\t4\n@CO\t4\t*\t0\t0\t*\t*\t0\t0\tA\tI\n", "sam", random),
      "cannot read 'test': record 2 is named '@CO', which SAM text cannot tell from a header line; "
      "keep such records as BAM ('--record bam', 'mrf-bamread -u')",
      mrf::base::DataError);
  CHECK_THROWS_WITH_AS(
      framed("r\t4\nr\t4\n@CO\tx", "sam", random),
      "cannot read 'test': '@CO\\tx' stands where record 3 is to be: no header line follows a "
      "record, and no read name begins with '@'",
      mrf::base::DataError);
}

TEST_CASE("a last record gets the newline or NUL that it lacks") {
  std::mt19937 random(3);
  CHECK(framed("a\nb", "line", random) == Records{"a\n", "b\n"});
  CHECK(framed("a\nb\r", "line", random) == Records{"a\n", "b\r\n"});
  CHECK(framed("a\nb\nc\nd", "lines:2", random) == Records{"a\nb\n", "c\nd\n"});
  CHECK(framed("@r\nA\n+\n@", "fastq", random) == Records{"@r\nA\n+\n@\n"});
  CHECK(framed(std::string("a\0b", 3), "nul", random) ==
        Records{std::string("a\0", 2), std::string("b\0", 2)});
}

TEST_CASE("a last record that lacks more is bad data") {
  std::mt19937 random(4);
  CHECK_THROWS_WITH_AS(framed("a\nb\nc\n", "lines:2", random),
                       "cannot read 'test': the last record has 1 lines of 2", mrf::base::DataError);
  CHECK_THROWS_WITH_AS(framed("@r\nA\n+\n@\n@s\nA\n+\n", "fastq", random),
                       "cannot read 'test': record 2 (line 8) is truncated: it has 3 lines of 4",
                       mrf::base::DataError);
  CHECK_THROWS_WITH_AS(framed("12345678", "fixed:7", random),
                       "cannot read 'test': the last record has 1 bytes of 7", mrf::base::DataError);
  CHECK_THROWS_WITH_AS(framed(std::string("\x20\0\0\0abc", 7), "bam", random),
                       "cannot read 'test': record 1 is truncated", mrf::base::DataError);
}

TEST_CASE("records out of step are bad data with their number") {
  std::mt19937 random(5);
  CHECK_THROWS_WITH_AS(
      framed("@r\nA\n+\n@\nA\n+\n@\n@s\n", "fastq", random),
      "cannot read 'test': record 2 (line 5) does not start with '@': a record is four lines; "
      "'seqtk seq -l 0 FILE' makes them of sequences on several lines",
      mrf::base::DataError);
  CHECK_THROWS_WITH_AS(framed(std::string(4, '\0'), "bam", random),
                       "cannot read 'test': record 1 has no valid length", mrf::base::DataError);
}

TEST_CASE("forms that are none are usage errors") {
  for (const char* text :
       {"", "lin", "lines", "lines:", "lines:0", "lines:x", "lines:4x", "lines:-1", "fixed:0",
        "fixed:99999999999999999999", "fastq:4", "LINE", "start:", "start:a\nb"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(mrf::record::parse_record_form(text), mrf::base::UsageError);
  }
  CHECK(mrf::record::parse_record_form("fixed:512").count == 512);
}
