// SPDX-License-Identifier: MIT
#include "shard/snakemake_engine.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "shard/shard_log.h"

namespace {

using ShardWords = std::vector<std::string>;

bool gets_cores(const ShardWords& arguments) {
  const auto words = mrf::shard::snakemake_words("/d", arguments, 6);
  const auto at = std::find(words.begin(), words.end(), "--cores");
  return at != words.end() && at + 1 != words.end() && at[1] == "6";
}

}  // namespace

TEST_CASE("snakemake gets its words last, and the processors unless they say how many") {
  const auto words = mrf::shard::snakemake_words("/a b", {"--latency-wait", "7"}, 6);
  CHECK(ShardWords(words.begin(), words.begin() + 5) ==
        ShardWords{"env", "-C", "/a b", "snakemake", "shards"});
  CHECK(ShardWords(words.end() - 4, words.end()) == ShardWords{"--cores", "6", "--latency-wait", "7"});
  CHECK(gets_cores({}));
  CHECK(gets_cores({"--cluster", "sbatch -c {threads}"}));
  CHECK(gets_cores({"--jobscript", "x"}));
  for (const std::string word :
       {"-j", "-j7", "-c", "-c7", "--cores", "--cores=7", "--jobs", "--jobs=7", "--profile"})
    CHECK_FALSE(gets_cores({word}));
}

TEST_CASE("the last lines of a text") {
  struct Row {
    std::string text;
    std::string lines;
  };
  const std::vector<Row> rows{{"", ""},
                              {"\n", ""},
                              {"a", "a"},
                              {"a\nb\n", "a\nb"},
                              {"a\n", "a"},
                              {"a\nb\nc\n", "b\nc"},
                              {"a\n\nb\n\n", "\nb"},
                              {"\na\nb", "a\nb"}};
  for (const Row& row : rows) CHECK(mrf::shard::last_lines(row.text, 2) == row.lines);
}
