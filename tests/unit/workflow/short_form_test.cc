// SPDX-License-Identifier: MIT
#include "workflow/short_form.h"

#include <doctest/doctest.h>

#include <string>

#include "base/error.h"
#include "workflow/plan.h"
#include "workflow/stream_kind.h"
#include "workflow/workflow.h"

namespace {

mrf::ShortForm form(const std::string& input, const std::string& output) {
  mrf::ShortForm form;
  form.inputs = {input};
  form.outputs = {output};
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
  CHECK(mrf::kind_of("a.sam.gz").format == "sam.gz");
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

TEST_CASE("the reader and the writer share what the workers leave of the processors, at least half of them") {
  struct Row {
    int processors, workers, reader, writer;
  };
  for (const Row& row : {Row{1, 1, 0, 0}, Row{2, 4, 0, 2}, Row{8, 2, 2, 4}, Row{16, 4, 4, 8},
                         Row{16, 16, 2, 6}, Row{64, 4, 5, 11}}) {
    CAPTURE(row.processors);
    auto one = form("in.bam", "out.bam");
    one.processors = row.processors;
    one.workers = row.workers;
    const auto choice = mrf::choose(one);
    CHECK(choice.reader_threads == row.reader);
    CHECK(choice.writer_threads == row.writer);
    CHECK(choice.reader_threads + choice.writer_threads <= row.processors);
  }
  auto told = form("in.bam", "out.bam");
  told.threads = 9;
  CHECK(mrf::workflow_text(told).find("mrf-bamread -@ 3 ") != std::string::npos);
  CHECK(mrf::workflow_text(told).find("mrf-bamwrite -@ 6 ") != std::string::npos);
}

TEST_CASE("BAM records go without SAM text") {
  auto bam = form("in.bam", "out.bam");
  bam.record = "bam";
  bam.level = 1;
  const std::string text = mrf::workflow_text(bam);
  CHECK(text.find("mrf-distribute --record bam --seq -c 1000 -i in.bam out:part[n]") != std::string::npos);
  CHECK(text.find("mrf-collect --record bam --order seq -l 1 -@ 2 -o save:out.bam in:done[n]") !=
        std::string::npos);
  bam.inputs = {"in.cram"};
  CHECK(mrf::workflow_text(bam).find("mrf-bamread -u in.cram > out:bam") != std::string::npos);
  bam.outputs = {"out.txt"};
  bam.level.reset();
  CHECK_THROWS_AS(mrf::workflow_text(bam), mrf::UsageError);
}

TEST_CASE("records go by key") {
  auto keyed = form("in.bam", "out.bam");
  keyed.key = "tag:CB";
  CHECK(mrf::workflow_text(keyed).find("--seq --header-to out:header --key tag:CB -i in:sam") !=
        std::string::npos);
  auto lines = form("in.txt", "out.txt");
  lines.key = "after:a b";
  CHECK(mrf::workflow_text(lines).find("mrf-distribute --key 'after:a b' -i in.txt") != std::string::npos);
  CHECK(mrf::choose(lines).order == "any");
  for (const char* order : {"rows", "chunk"}) {
    lines.order = order;
    CHECK_THROWS_AS(mrf::workflow_text(lines), mrf::UsageError);
  }
}

TEST_CASE("mates go in step, and each output gets its own") {
  auto pairs = form("a.fq.gz", "x.fq");
  pairs.inputs.emplace_back("b.fq.gz");
  pairs.outputs.emplace_back("y.fq.gz");
  const auto plan = plan_of(pairs);
  CHECK(plan.results == std::vector<std::string>{"x.fq", "y.fq.gz"});
  const std::string text = mrf::workflow_text(pairs);
  CHECK(text.find("mrf-distribute --record fastq -c 1 -i a.fq.gz --mate b.fq.gz out:first out:second") !=
        std::string::npos);
  CHECK(text.find("mrf-chunks -n $n --record lines:8 -i in:pairs --") != std::string::npos);
  pairs.outputs = {"x.fq", "x.fq"};
  CHECK_THROWS_AS(mrf::workflow_text(pairs), mrf::UsageError);
  pairs.outputs = {"x.fq"};
  pairs.inputs[1] = "b.txt";
  CHECK_THROWS_AS(mrf::workflow_text(pairs), mrf::UsageError);
}

TEST_CASE("an option that would do nothing is refused") {
  auto plain = form("in.txt", "out.txt");
  plain.level = 1;
  CHECK_THROWS_AS(mrf::workflow_text(plain), mrf::UsageError);
  plain.outputs = {"out.txt.gz"};
  CHECK(mrf::workflow_text(plain).find("--order concat -@ 2 -l 1 -o save:out.txt.gz") != std::string::npos);
  plain.reference = "ref.fa";
  CHECK_THROWS_AS(mrf::workflow_text(plain), mrf::UsageError);
}
