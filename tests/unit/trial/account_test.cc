// SPDX-License-Identifier: MIT
#include "trial/account.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

namespace {

using namespace mrf::trial;
using Pieces = std::vector<mrf::base::CommandPiece>;

Account agreement() {
  Account account;
  account.filter = "./f";
  account.input = "in.bam";
  account.records = 1000;
  account.share = 0.098;
  account.runs = {"one filter alone", "16 chunks of 62 records"};
  account.records_out = 900;
  account.alone_s = 5;
  account.copies_s = 2;
  account.costs = {.read_s = 0.5, .filter_s = 4, .write_s = 1};
  account.whole_alone_s = 50;
  account.whole_copies_s = 20;
  account.command = "mrf-run -n 4 -- ./f";
  return account;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("the command has the suggested options in place of its own") {
  const Suggestion plain{{3, 2}, false, {}, {}};
  const Suggestion all{{3, 2}, true, 1, 500};
  struct Case {
    Pieces pieces;
    Suggestion suggestion;
    std::string command;
  };
  const mrf::base::CommandPiece tried{"--try", "50", {"--try", "50"}};
  const mrf::base::CommandPiece input{"--input", "a b", {"-i", "a b"}};
  const mrf::base::CommandPiece threads{"--threads", "4", {"-@", "4"}};
  const mrf::base::CommandPiece level{"--level", "6", {"-l6"}};
  const mrf::base::CommandPiece chunk{"--chunk-size", "9", {"-c", "9"}};
  const mrf::base::CommandPiece filter{"--", "", {"--", "f", "-n", "8"}};
  const std::vector<Case> cases = {
      {{tried, {"--workers", "9", {"-n", "9"}}, input, filter}, plain, "mrf-run -n 3 -i 'a b' -- f -n 8"},
      {{threads, level, chunk, tried, input, filter},
       all,
       "mrf-run -n 3 -@ 2 -l 1 -c 500 -i 'a b' -- f -n 8"},
      {{threads, chunk, tried, input, filter}, plain, "mrf-run -n 3 -@ 4 -c 9 -i 'a b' -- f -n 8"},
      {{tried,
        {"--header-prefix", "--try", {"--header-prefix", "--try"}},
        {"--combine", "", {"--combine", "sort", "-n"}},
        filter},
       plain,
       "mrf-run -n 3 --header-prefix --try --combine sort -n -- f -n 8"},
  };
  for (const Case& one : cases) CHECK(suggested_command(one.pieces, one.suggestion) == one.command);
  const std::string url = "https://a:secret@b/c?sig=hidden";
  const std::string shown = suggested_command({{"--input", url, {"-i", url}}, filter}, plain);
  CHECK(!has(shown, "secret"));
  CHECK(!has(shown, "hidden"));
}

TEST_CASE("what agrees is told with speed, time and command") {
  const std::string text = text_of(agreement());
  for (const char* part : {"tried     ./f on 1000 records of in.bam, 9.8 % of the input\n",
                           "compared  one filter alone; 16 chunks of 62 records\n", "result    the same\n",
                           "read 2.0k, filter 250, write 1.0k", "sample    alone 5.0 s, copies 2.0 s\n",
                           "alone about 50 s, with the command below about 20 s: 2.5 times as fast\n",
                           "command   mrf-run -n 4 -- ./f\n"}) {
    CHECK_MESSAGE(has(text, part), text << part);
  }
  CHECK(!has(text, "\nor "));
}

TEST_CASE("copies that do not pay, a filter that writes nothing, a short sample, an input of unknown size") {
  Account account = agreement();
  account.whole_copies_s = 45;
  CHECK(!pays(account));
  CHECK(has(text_of(account), "alone about 50 s: copies do not pay, the number of processors limits"));
  account.is_pipe_as_fast = true;
  CHECK(has(text_of(account), "the number of processors limits; the plain pipe is as fast\n"));
  account.costs.write_s = 40;
  CHECK(has(text_of(account), "writing limits"));
  account.records_out = 0;
  CHECK(has(text_of(account), "the filter has written nothing: --try 10000"));
  account.share = 1;
  CHECK(has(text_of(account), "but the filter has written nothing\n"));
  account.alone_s = 0.9;
  CHECK(has(text_of(account), "rough"));
  account.share.reset();
  account.whole_alone_s.reset();
  CHECK(!has(text_of(account), "%"));
  CHECK(!has(text_of(account), "whole"));
  account.level_command = "mrf-run -l 1";
  account.level_s = 12;
  account.level_growth = 0.07;
  CHECK(has(text_of(account),
            "or        mrf-run -l 1\n          about 12 s, and the file about 7.0 % larger\n"));
}

TEST_CASE("records in another order are told") {
  Account account = agreement();
  account.has_other_order = true;
  CHECK(has(text_of(account), "result    the same records, in another order\nspeed"));
  account.combines = true;
  CHECK(has(text_of(account), "in another order\n          where the order counts, --combine needs"));
}

TEST_CASE("what differs is told with the record and what the filter remembers") {
  Account account = agreement();
  account.difference = Difference{12, "a\t1\n", "a\t2\n"};
  account.output = "out.bam";
  account.copies_records_out = 950;
  account.diagnosis = Diagnosis{Memory::counter, "it counts", "count later"};
  const std::string text = text_of(account);
  for (const char* part : {"result    out.bam differs\n", "900 records of the filter alone, 950 of copies",
                           "record 12 is the first that differs", "  alone   a\\t1\n", "  copies  a\\t2\n",
                           "filter    it counts\n", "          count later\n"}) {
    CHECK_MESSAGE(has(text, part), text << part);
  }
  CHECK(!has(text, "command"));
  account.difference = Difference{0, "@HD\n", "@CO\n"};
  CHECK(has(text_of(account), "the headers are not the same"));
}

TEST_CASE("times have two digits that count") {
  const std::vector<std::pair<double, std::string>> cases = {
      {0.123, "0.12 s"}, {7.53, "7.5 s"}, {59.4, "59 s"}, {114, "110 s"},
      {720, "12 min"},   {8280, "2.3 h"}, {0, "0.00 s"}};
  for (const auto& [seconds, text] : cases) CHECK(readable_time(seconds) == text);
}

TEST_CASE("a few records of a larger input forecast nothing, unless they take their time") {
  Account account = agreement();
  account.records = 2;
  CHECK(has(text_of(account), "whole     alone about 50 s"));
  account.alone_s = 0.3;
  CHECK(has(text_of(account), "2 records are too few for a forecast"));
  CHECK_FALSE(has(text_of(account), "mrf-run -n 4"));
  account.share = 1;
  CHECK(has(text_of(account), "mrf-run -n 4"));
}
