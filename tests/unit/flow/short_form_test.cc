// SPDX-License-Identifier: MIT
#include "flow/short_form.h"

#include <doctest/doctest.h>

#include <string>

#include "flow/plan.h"
#include "flow/stream_kind.h"
#include "flow/workflow.h"
#include "sys/error.h"

namespace {

mrf::ShortForm form(const std::string& input, const std::string& output) {
  mrf::ShortForm form;
  form.input = input;
  form.output = output;
  form.command = {"./filter", "a b", "it's", "$x", "in:y", ""};
  form.workers = 3;
  form.processors = 2;
  return form;
}

mrf::Plan plan_of(const mrf::ShortForm& form) {
  return mrf::make_plan(mrf::parse_workflow("short", mrf::workflow_text(form), {}));
}

}  // namespace

TEST_CASE("the filter's words come through as they are") {
  const auto plan = plan_of(form("in.bam", "out.bam"));
  const auto& words = plan.jobs[2].words;
  REQUIRE(words.size() == 6);
  const char* expected[] = {"./filter", "a b", "it's", "$x", "in:y", ""};
  for (std::size_t at = 0; at < words.size(); ++at) {
    CHECK((words[at].empty() ? "" : words[at][0].text) == expected[at]);
  }
}

TEST_CASE("file names of every kind come through as they are") {
  for (const char* name :
       {"a b.bam", "it's.bam", "$x[n].bam", "in:x.bam", "#x.bam", "\"q\".bam", "{a}\\n.bam", "ä€.bam"}) {
    CAPTURE(name);
    const auto plan = plan_of(form(name, std::string("out ") + name));
    CHECK(plan.jobs[0].words.back()[0].text == name);
    CHECK(plan.results.at(0) == std::string("out ") + name);
  }
}

TEST_CASE("an alignment is read, numbered, split, joined in order and written") {
  const std::string text = mrf::workflow_text(form("in.bam", "out.cram"));
  CHECK(text.find("mrf-distribute --sam --seq --header-to out:header -c 1000 -i in:sam out:part[n]") !=
        std::string::npos);
  CHECK(text.find("mrf-collect --sam --order seq --header in:header in:done[n] > out:all") !=
        std::string::npos);
  CHECK(text.find("-O cram -o save:out.cram in:all") != std::string::npos);
}

TEST_CASE("lines go from the file to the file") {
  auto lines = form("in.txt", "out.txt");
  lines.order = "rows";
  lines.chunk_size = 7;
  const std::string text = mrf::workflow_text(lines);
  CHECK(text.find("mrf-distribute -c 7 -i in.txt out:part[n]") != std::string::npos);
  CHECK(text.find("mrf-collect --order rows -c 7 -o save:out.txt in:done[n]") != std::string::npos);
}

TEST_CASE("a URL is fetched, and its path tells the kind") {
  const std::string text = mrf::workflow_text(form("https://host/a.bam?sig=x.txt", "out.bam"));
  CHECK(text.find("getm-fetch 'https://host/a.bam?sig=x.txt' - > out:fetched") != std::string::npos);
  CHECK(text.find("in:fetched > out:sam") != std::string::npos);
}

TEST_CASE("lines go through a filter that is started for each chunk, unless an order is named") {
  CHECK(mrf::workflow_text(form("in.txt", "out.txt")).find("mrf-chunks -n $n -i in.txt -- ./filter") !=
        std::string::npos);
  auto counted = form("in.fq", "out.fq");
  counted.chunk_size = 7;
  CHECK(mrf::workflow_text(counted).find("mrf-chunks -n $n --record fastq -c 7 -i in.fq") !=
        std::string::npos);
}

TEST_CASE("kinds by name") {
  CHECK(mrf::kind_of("a.bam").format == "bam");
  CHECK(mrf::kind_of("a.sam.gz").format == "sam");
  CHECK(mrf::kind_of("a.fastq.gz").record == "fastq");
  CHECK(mrf::kind_of("a.fq").record == "fastq");
  CHECK_FALSE(mrf::kind_of("bam").is_alignment);
  CHECK(mrf::kind_of("-").record == "line");
}

TEST_CASE("what the short form cannot do is a usage error") {
  auto one = form("in.txt", "out.txt");
  one.order = "sorted";
  CHECK_THROWS_AS(mrf::workflow_text(one), mrf::UsageError);
  one.order = "rows";
  one.workers = 0;
  CHECK_THROWS_AS(mrf::workflow_text(one), mrf::UsageError);
  one.workers = 1;
  one.chunk_size = 0;
  CHECK_THROWS_AS(mrf::workflow_text(one), mrf::UsageError);
  one.chunk_size = 1;
  one.level = 10;
  CHECK_THROWS_AS(mrf::workflow_text(one), mrf::UsageError);
  CHECK_THROWS_AS(mrf::workflow_text(form("in.txt", "out.bam")), mrf::UsageError);
  CHECK_THROWS_AS(mrf::workflow_text(form("", "out.bam")), mrf::UsageError);
}
