// SPDX-License-Identifier: MIT
#include "trial/trial_forms.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "workflow/plan.h"
#include "workflow/workflow.h"

namespace {

using namespace mrf::trial;
using mrf::workflow::ShortForm;

ShortForm form_of(std::vector<std::string> inputs, std::vector<std::string> outputs) {
  ShortForm form;
  form.inputs = std::move(inputs);
  form.outputs = std::move(outputs);
  form.command = {"./f"};
  form.workers = 3;
  form.processors = 4;
  return form;
}

// Throws when it is no workflow.
std::string checked(const std::string& text) {
  mrf::workflow::make_plan(mrf::workflow::parse_workflow("w", text, {}));
  return text;
}

bool has_part(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a sample is the first records, in the input's kind") {
  ShortForm bam = form_of({"in.bam"}, {"out.bam"});
  bam.selection.no_flags = {"4"};
  bam.selection.expression = "mapq > 3";
  CHECK(checked(sample_workflow(bam, 50, "/d")) ==
        "read: mrf-bamread -u -F 4 -e 'mapq > 3' in.bam > out:all\n"
        "cut: mrf-distribute --record bam --first 50 -i in:all out:first\n"
        "store: mrf-bamwrite -O bam -o save:/d/sample1.bam in:first\n");
  ShortForm text = form_of({"https://h/a b.txt.gz"}, {});
  text.header_lines = 2;
  CHECK(checked(sample_workflow(text, 50, "/d")) ==
        "fetch1: getm-fetch 'https://h/a b.txt.gz' - > out:fetched1\n"
        "cut: mrf-distribute --record line --header-lines 2 --header-broadcast --first 50 -i in:fetched1 "
        "save:/d/sample1.txt.gz\n");
  CHECK(checked(sample_workflow(form_of({"a.fq", "b.fq.gz"}, {"o.fq", "p.fq"}), 50, "/d")) ==
        "cut: mrf-distribute --record fastq --first 50 -i a.fq --mate b.fq.gz save:/d/sample1.fastq "
        "save:/d/sample2.fastq.gz\n");
}

TEST_CASE("hints speak of the options that the input and the output take") {
  const auto rules = [](const ShortForm& form) {
    const HintRules found = hint_rules(form);
    return std::string(found.header_lines ? "header " : "") + (found.combine ? "combine " : "") +
           (found.key("name") ? "name " : "") + (found.key("column:1") ? "column " : "") +
           (found.key("tag:CB") ? "tag" : "");
  };
  CHECK(rules(form_of({"in.tsv"}, {"out.tsv"})) == "header combine name column tag");
  CHECK(rules(form_of({"in.bam"}, {"out.bam"})) == "combine name column tag");
  CHECK(rules(form_of({"in.fq"}, {"out.bam"})) == "combine name column ");
  CHECK(rules(form_of({"a.fq", "b.fq"}, {"out.bam"})) == "combine ");
  ShortForm text = form_of({"in.tsv"}, {"out.tsv"});
  text.order = "chunk";
  text.chunk_size = 7;
  CHECK(rules(text) == "header combine name column tag");
  text.skips_failed = true;
  CHECK(rules(text) == "header ");
}

TEST_CASE("every form of a trial is a workflow, and writes nothing outside of its directory") {
  std::vector<ShortForm> forms;
  forms.push_back(form_of({"in.bam"}, {"out.bam"}));
  forms.push_back(form_of({"in.bam"}, {"out.fq.gz"}));
  forms.back().record = "bam";
  forms.push_back(form_of({"in.sam.gz"}, {"out.cram"}));
  forms.back().order = "rows";
  forms.push_back(form_of({"in.bam"}, {}));
  forms.back().header_broadcast = true;
  forms.push_back(form_of({"in.bam"}, {"out.bam"}));
  forms.back().key = "tag:CB";
  forms.back().missing = "lacking.bam";
  forms.push_back(form_of({"in.txt"}, {"out.txt.gz"}));
  forms.back().order = "seq";
  forms.back().side = "side.tsv";
  forms.back().header_prefix = "#";
  forms.push_back(form_of({"in.txt"}, {"out.txt"}));
  forms.back().combine = {"sort", "-m", "save:other.txt"};
  forms.back().command = {"sort", "--log=save:log.[i]"};
  forms.push_back(form_of({"in"}, {"out"}));
  forms.back().record = "nul";
  forms.push_back(form_of({"a.fq.gz", "b.fq.gz"}, {"c.fq.gz", "d.fq"}));
  forms.back().singles = "singles.fq";
  forms.push_back(form_of({"a.fq.gz", "b.fq.gz"}, {"c.fq.gz", "d.fq"}));
  forms.back().order = "any";
  forms.push_back(form_of({"a.fq"}, {"c.bam"}));
  forms.back().writes_index = true;
  for (const ShortForm& form : forms) {
    CAPTURE(mrf::workflow::workflow_text(form));
    checked(sample_workflow(form, 100, "/d"));
    const TrialForm over = form_over_sample(form, "/d", "/e");
    std::vector<std::string> texts{checked(mrf::workflow::workflow_text(form_alone(over.form, 100)))};
    CHECK(has_part(texts[0], "n = 1\n"));
    CHECK(!has_part(texts[0], "--seq"));
    const auto cuts = cuts_of(over.form, 100, false);
    REQUIRE(cuts.size() == 2);
    CHECK(cuts[0].name != cuts[1].name);
    for (const Cut& cut : cuts) {
      CHECK(cut.starts > 1);
      texts.push_back(checked(mrf::workflow::workflow_text(cut.form)));
    }
    for (const std::string& text : texts) {
      for (std::size_t at = 0; (at = text.find("save:", at)) != std::string::npos; ++at)
        CHECK_MESSAGE(text.compare(at + 5, 3, "/e/") == 0, text);
      CHECK(has_part(text, "/d/sample1"));
    }
    const std::string shown = text_workflow(form, over.outputs);
    CHECK(shown.empty() == over.outputs[0].format.empty());
    if (!shown.empty()) checked(shown);
    checked(level_workflow(form, over.outputs[0], "/e/lower"));
  }
}

TEST_CASE("parts of a sample begin at different records") {
  struct Case {
    std::uint64_t records;
    std::string order;
    std::optional<std::uint64_t> chunk_size;
    std::vector<std::uint64_t> sizes;
  };
  const std::vector<Case> cases = {
      {200000, "chunk", {}, {12503, 7151}},
      {200000, "chunk", 5000, {5000, 7151}},
      {200000, "chunk", 7151, {7151, 7159}},
      {200000, "chunk", 2, {12503, 7151}},
      {200000, "seq", {}, {997, 7}},
      {200000, "any", 7, {7, 11}},
      {30, "chunk", {}, {7, 5}},
      {8, "chunk", {}, {7, 5}},
      {4, "chunk", {}, {1, 2}},
      {3, "rows", {}, {1, 2}},
      {2, "chunk", {}, {1}},
      {2, "seq", {}, {1}},
  };
  for (const Case& one : cases) {
    CAPTURE(one.records);
    CAPTURE(one.order);
    ShortForm form = form_of({"in.txt"}, {"out.txt"});
    form.order = one.order;
    form.chunk_size = one.chunk_size;
    std::vector<std::uint64_t> sizes;
    for (const Cut& cut : cuts_of(form_over_sample(form, "/d", "/e").form, one.records, false))
      sizes.push_back(*cut.form.chunk_size);
    CHECK(sizes == one.sizes);
  }
}

TEST_CASE("a filter whose start is dear gets few chunks") {
  const ShortForm over = form_over_sample(form_of({"in.txt"}, {"out.txt"}), "/d", "/e").form;
  for (const Cut& cut : cuts_of(over, 1000, true)) CHECK(cut.starts < 10);
}

TEST_CASE("a result is written at level 1 as what it is, and inflated") {
  const ShortForm form = form_of({"in.txt.gz"}, {"out.txt.gz"});
  const TrialForm over = form_over_sample(form, "/d", "/e");
  CHECK(checked(level_workflow(form, over.outputs[0], "/e/lower.gz")) ==
        "write: mrf-collect --order concat -l 1 -o save:/e/lower.gz /e/output1.txt.gz\n");
}

TEST_CASE("a trial compares SAM with its header, and a copy's directory is a name of its own") {
  ShortForm form = form_of({"in.bam"}, {"out.sam"});
  form.omits_header = true;
  form.order = "any";
  form.command = {"./f", "save:d[i]/x", "save:d/y[i]"};
  const TrialForm over = form_over_sample(form, "/d", "/e");
  CHECK(!over.form.omits_header);
  CHECK(over.form.command == std::vector<std::string>{"./f", "save:/e/1-[i]-x", "save:/e/2-y[i]"});
}
