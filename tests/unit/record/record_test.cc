// SPDX-License-Identifier: MIT
#include "record/record.h"

#include <doctest/doctest.h>

#include <limits>
#include <random>
#include <string>
#include <vector>

#include "base/error.h"

namespace {

using Records = std::vector<std::string>;

constexpr auto no_limit = std::numeric_limits<std::uint64_t>::max();

std::string joined(const Records& records) {
  std::string text;
  for (const auto& record : records) text += record;
  return text;
}

// Shows `text` to a framer a few bytes at a time, as a pipe would, and returns the records it finds.
Records framed(const std::string& text, const std::string& form, std::mt19937& random) {
  const auto framer = mrf::make_framer(mrf::parse_record_form(form), "test");
  Records records;
  std::string held;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t step = random() % 40;
    held += text.substr(at, step);
    at += step;
    for (;;) {
      const mrf::Run run = framer->take(held, 1);
      if (run.records == 0) break;
      records.push_back(held.substr(0, run.bytes));
      held.erase(0, run.bytes);
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
    if (form == "fastq") record = "@" + word(random, longest) + "\nAC\n+" + word(random, 9) + "\n@+\n";
    if (form == "bam") {
      const std::size_t length = 32 + random() % 300;
      record = {static_cast<char>(length & 255), static_cast<char>(length >> 8), 0, 0};
      record += std::string(length, '\n');
    }
  }
  return records;
}

constexpr const char* forms[] = {"line", "lines:3", "fastq", "nul", "fixed:7", "bam"};

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
    const char* form = forms[round % std::size(forms)];
    const Records records = some_records(form, random);
    const std::string text = joined(records);
    CAPTURE(form);
    CAPTURE(round);
    const std::uint64_t limit = random() % 20;
    const auto framer = mrf::make_framer(mrf::parse_record_form(form), "test");
    const mrf::Run run = framer->take(text, limit);
    const std::size_t expected = std::min<std::size_t>(limit, records.size());
    CHECK(run.records == expected);
    CHECK(run.bytes == joined({records.begin(), records.begin() + static_cast<long>(expected)}).size());
    CHECK(framer->take(std::string_view(text).substr(run.bytes), no_limit).bytes == text.size() - run.bytes);
    CHECK(framer->take("", no_limit).bytes == 0);
  }
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
                       "cannot read 'test': the last record has 1 lines of 2", mrf::DataError);
  CHECK_THROWS_WITH_AS(framed("@r\nA\n+\n@\n@s\nA\n+\n", "fastq", random),
                       "cannot read 'test': record 2 is truncated", mrf::DataError);
  CHECK_THROWS_WITH_AS(framed("12345678", "fixed:7", random),
                       "cannot read 'test': the last record has 1 bytes of 7", mrf::DataError);
  CHECK_THROWS_WITH_AS(framed(std::string("\x20\0\0\0abc", 7), "bam", random),
                       "cannot read 'test': record 1 is truncated", mrf::DataError);
}

TEST_CASE("records out of step are bad data with their number") {
  std::mt19937 random(5);
  CHECK_THROWS_WITH_AS(framed("@r\nA\n+\n@\nA\n+\n@\n@s\n", "fastq", random),
                       "cannot read 'test': record 2 does not start with '@'", mrf::DataError);
  CHECK_THROWS_WITH_AS(framed("@r\nA\n+\n@\n@s\nA\nC\n+\n@\n", "fastq", random),
                       "cannot read 'test': record 2 has no '+' on its third line", mrf::DataError);
  CHECK_THROWS_WITH_AS(framed(std::string(4, '\0'), "bam", random),
                       "cannot read 'test': record 1 has no valid length", mrf::DataError);
}

TEST_CASE("forms that are none are usage errors") {
  for (const char* text : {"", "lin", "lines", "lines:", "lines:0", "lines:x", "lines:4x", "lines:-1",
                           "fixed:0", "fixed:99999999999999999999", "fastq:4", "LINE"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(mrf::parse_record_form(text), mrf::UsageError);
  }
  CHECK(mrf::parse_record_form("fixed:512").count == 512);
}
