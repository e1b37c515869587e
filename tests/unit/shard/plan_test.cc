// SPDX-License-Identifier: MIT
#include "shard/plan.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "shard/receipt.h"

namespace {

using namespace mrf::shard;
using Words = std::vector<std::string>;

Plan a_plan() {
  return {"/data",
          {"-i", "in.bam", "-o", "out.bam", "--", "./filter", "a b"},
          3,
          {"in.bam", 1000, "17.000000001", "abc", Storage::bgzf},
          {100, 200, block_position(1000)},
          {},
          {},
          "id",
          true};
}

}  // namespace

TEST_CASE("a plan is read as it was written") {
  const Plan plan = a_plan();
  const Plan read = parse_plan(plan_text(plan), "plan.json");
  CHECK(read.directory == plan.directory);
  CHECK(read.arguments == plan.arguments);
  CHECK(read.wanted == plan.wanted);
  CHECK(read.id == plan.id);
  CHECK(read.writes_index == plan.writes_index);
  CHECK(read.input == plan.input);
  CHECK(read.cuts == plan.cuts);
  CHECK(read.shards() == 2);
}

TEST_CASE("a text that is no plan is bad data") {
  Plan falling = a_plan();
  falling.cuts = {100, 50, 200};
  Plan twice = a_plan();
  twice.cuts = {100, 100, 200};
  Plan one = a_plan();
  one.cuts = {100};
  for (const std::string& text : Words{"", "{", "[]", "{}", plan_text(falling), plan_text(twice),
                                       plan_text(one), plan_text(a_plan()).substr(3)})
    CHECK_THROWS_AS(parse_plan(text, "plan.json"), mrf::base::DataError);
  Plan empty = a_plan();
  empty.cuts = {200, 200};
  CHECK(parse_plan(plan_text(empty), "plan.json").shards() == 1);
}

TEST_CASE("a plan of another version is told from what is none") {
  const std::string text = plan_text(a_plan());
  const std::string name = "mrf-shard-plan-";
  std::string other = text;
  other[other.find(name) + name.size()] = '1';
  CHECK(is_plan_of_other_version(other));
  CHECK_THROWS_WITH_AS(parse_plan(other, "plan.json"),
                       "cannot read 'plan.json': another version of mrf-run made it; plan the shards again",
                       mrf::base::DataError);
  for (const std::string& none :
       Words{text, text.substr(1), "", "{}", "[]", "{\"schema\": 1}", "{\"schema\": \"x\"}"})
    CHECK(!is_plan_of_other_version(none));
}

TEST_CASE("a word that is not UTF-8 cannot be planned") {
  Plan plan = a_plan();
  plan.arguments.emplace_back("\xff");
  CHECK_THROWS_AS(plan_text(plan), mrf::base::UsageError);
}

TEST_CASE("a plan is another one when the command, the number or the input is") {
  const Plan plan = a_plan();
  CHECK(difference(plan, plan).empty());
  Plan other = plan;
  other.cuts.clear();
  other.id = "other";
  other.writes_index = false;
  CHECK(difference(plan, other).empty());
  other.arguments.back() = "a c";
  CHECK(difference(plan, other) ==
        "it holds the shards of another command, planned with 'a b'; this is with 'a c'");
  const auto words = [](const Words& planned, const Words& given) {
    Plan one = a_plan();
    Plan two = a_plan();
    one.arguments = planned;
    two.arguments = given;
    return difference(one, two).substr(std::string("it holds the shards of another command, ").size());
  };
  CHECK(words({"-n", "2", "-i", "a", "--", "f"}, {"-n", "1", "-i", "a", "--", "f"}) ==
        "planned with -n 2; this is with -n 1");
  CHECK(words({"-i", "a", "--", "f", "x"}, {"-i", "a", "--", "f"}) == "planned with x; this is without it");
  CHECK(words({"-i", "a", "--", "f"}, {"-i", "a", "-n", "1", "--", "f"}) ==
        "planned without what follows; this is with -n 1");
  CHECK(words({"a", "b", "c", "d", "e", "f"}, {"x", "f"}) == "planned with a b c d ...; this is with x");
  other = plan;
  other.directory = "/other";
  CHECK(difference(plan, other) == "it holds the shards of another command, planned in '/data'");
  other = plan;
  other.wanted = 4;
  CHECK(difference(plan, other) == "it holds a plan for --shards 3, not 4");
  other = plan;
  other.input.mtime = "17.000000002";
  CHECK(difference(plan, other) == "the input 'in.bam' has changed since its shards were planned");
}

TEST_CASE("the words of a command are those without the shards, whatever values and filters are like") {
  const std::vector<mrf::base::CommandPiece> pieces{
      {"--shards", "4", {"--shards", "4"}},         {"--input", "a", {"-i", "a"}},
      {"--shard-dir", "x", {"--shard-dir=x"}},      {"--verbose", "", {"-v"}},
      {"--write-index", "", {"--write-index"}},     {"--header-prefix", "-v", {"--header-prefix", "-v"}},
      {"--progress", "bar", {"--progress", "bar"}}, {"--", "", {"--", "f", "--shards", "9", "-v"}}};
  CHECK(words_of_command(pieces) ==
        Words{"-i", "a", "--header-prefix", "-v", "--", "f", "--shards", "9", "-v"});
}

TEST_CASE("no two plans have one id") {
  CHECK(new_plan_id().size() == 32);
  CHECK(new_plan_id() != new_plan_id());
}

TEST_CASE("targets are the beginnings of equal pieces") {
  using Places = std::vector<std::uint64_t>;
  CHECK(targets(10, 100, 4) == Places{35, 60, 85});
  CHECK(targets(0, 3, 8) == Places{1, 2});
  CHECK(targets(10, 100, 1).empty());
  CHECK(targets(10, 0, 5).empty());
  const std::uint64_t huge = std::uint64_t{1} << 50;
  CHECK(targets(0, huge, 100000).back() == huge / 100000 * 99999 + huge % 100000 * 99999 / 100000);
}

TEST_CASE("receipts and landings are read as they were written") {
  const Receipt receipt{"plan", 7, {1, 2, 3}, "7-host-1-2-out.bam", 99, "digest", "host", "now", 1.5};
  const Receipt read = parse_receipt(receipt_text(receipt), "7.json");
  CHECK(receipt_text(read) == receipt_text(receipt));
  CHECK(read.landing == receipt.landing);
  CHECK(parse_landing(landing_text(receipt.landing), "x") == receipt.landing);
  for (const std::string& text : Words{"", "{}", "3"}) {
    CHECK_THROWS_AS(parse_receipt(text, "7.json"), mrf::base::DataError);
    CHECK_THROWS_AS(parse_landing(text, "x"), mrf::base::DataError);
  }
  for (const std::string& part : Words{"", "..", "../x", "a/b"}) {
    Receipt elsewhere = receipt;
    elsewhere.part = part;
    CHECK_THROWS_AS(parse_receipt(receipt_text(elsewhere), "7.json"), mrf::base::DataError);
  }
}
