// SPDX-License-Identifier: MIT
#include "shard/snakefile.h"

#include <doctest/doctest.h>

#include <string>

#include "base/error.h"

namespace {

bool has_text(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a Snakefile has the paths as strings of Python, and the numbers") {
  const std::string text = mrf::shard::snakefile_text({"mrf-run", "/a \"b\"/ü\\", "/o'ut.bam", 40, 3});
  CHECK(has_text(text, "\nDIRECTORY = \"/a \\\"b\\\"/ü\\\\\"\n"));
  CHECK(has_text(text, "\nOUTPUT = \"/o'ut.bam\"\n"));
  CHECK(has_text(text, "\nSHARDS = 40\n"));
  CHECK(has_text(text, "    threads: 3\n"));
  CHECK(has_text(text,
                 "{params.program:q} --shard-run {wildcards.shard} --shard-dir {params.directory:q} --cpus "
                 "{threads}\""));
}

TEST_CASE("the rule of the join has its options") {
  CHECK(has_text(mrf::shard::snakefile_text({"mrf-run", "/d", "/out", 1, 1, {"--write-index=false"}}),
                 "--shard-join --shard-dir {params.directory:q} --write-index=false\"\n"));
}

TEST_CASE("a Snakefile has the join as its first rule") {
  const std::string text = mrf::shard::snakefile_text({"mrf-run", "/d", "/out", 1, 1});
  CHECK(text.find("\nrule ") == text.find("\nrule join:"));
}

TEST_CASE("paths that Snakemake would take for patterns are refused") {
  for (const std::string path : {"/a/{x}", "/a}", "/a\nb", "/a\xff"}) {
    CHECK_THROWS_AS(mrf::shard::snakefile_text({"mrf-run", path, "/out", 1, 1}), mrf::base::UsageError);
    CHECK_THROWS_AS(mrf::shard::snakefile_text({"mrf-run", "/d", path, 1, 1}), mrf::base::UsageError);
  }
}
