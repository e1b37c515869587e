// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "workflow/plan.h"
#include "workflow/processor_budget.h"
#include "workflow/short_form_choice.h"
#include "workflow/stream_kind.h"
#include "workflow/workflow.h"

namespace {

mrf::workflow::ShortForm form(const std::string& input, const std::string& output) {
  mrf::workflow::ShortForm form;
  form.inputs = {input};
  form.outputs = {output};
  form.command = {"./filter", "a b", "it's", "$x", "in:y", ""};
  form.workers = 3;
  form.processors = 2;
  return form;
}

mrf::workflow::Plan plan_of(const mrf::workflow::ShortForm& form) {
  return mrf::workflow::make_plan(
      mrf::workflow::parse_workflow("short", mrf::workflow::workflow_text(form), {}));
}

// The command of the job whose line begins with that name.
std::string job(const std::string& text, const std::string& name) {
  const std::string head = "\n" + name + ":";
  const auto at = text.find(head);
  if (at == std::string::npos) return "";
  const auto start = text.find_first_not_of(' ', at + head.size());
  return text.substr(start, text.find('\n', start) - start);
}

}  // namespace

TEST_CASE("the filter's words come through as they are") {
  auto live = form("in.bam", "out.bam");
  live.order = "any";
  const auto plan = plan_of(live);
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

TEST_CASE("a file whose name begins with a dash is no option of the programs that get it") {
  auto dashed = form("-q60", "-o.cram");
  dashed.input_format = "bam";
  dashed.reference = "-T.fa";
  dashed.selection.bed = "-L.bed";
  dashed.key = "name";
  dashed.missing = "-m.sam";
  dashed.side = "-s.txt";
  dashed = mrf::workflow::with_names_of_files(dashed);
  const auto plan = plan_of(dashed);
  for (const auto& planned : plan.jobs) {
    for (const auto& word : planned.words) {
      const std::string text = word.empty() ? "" : word[0].text;
      for (const char* name : {"-q60", "-o.cram", "-T.fa", "-L.bed", "-m.sam", "-s.txt"}) CHECK(text != name);
    }
  }
  CHECK(plan.jobs[0].words.back()[0].text == "./-q60");
  CHECK(mrf::workflow::with_names_of_files(form("-", "-")).inputs[0] == "-");
}

TEST_CASE("an alignment goes through chunks of SAM lines, with its header around the filter") {
  const std::string text = mrf::workflow::workflow_text(form("in.bam", "out.cram"));
  CHECK(job(text, "read") == "mrf-bamread in.bam > out:sam");
  CHECK(job(text, "work").starts_with("mrf-chunks -n $n --sam --output-record sam -i in:sam -- ./filter "));
  CHECK(job(text, "work").ends_with(" > out:done"));
  CHECK(job(text, "write") == "mrf-bamwrite -@ 2 -O cram -o save:out.cram in:done");
  auto given = form("in.bam", "out.bam");
  given.header_broadcast = true;
  CHECK(job(mrf::workflow::workflow_text(given), "work")
            .starts_with("mrf-chunks -n $n --sam --output-record sam --header-broadcast -i in:sam --"));
}

TEST_CASE("an alignment with live copies: numbered, split, joined in order and written") {
  auto live = form("in.bam", "out.cram");
  live.order = "seq";
  live.ok_statuses = "1";
  const std::string text = mrf::workflow::workflow_text(live);
  CHECK(job(text, "split") ==
        "mrf-distribute --sam --seq --header-to out:header -c 1000 -i in:sam out:part[n]");
  CHECK(job(text, "join") == "mrf-collect --sam --order seq --header in:header in:done[n] > out:all");
  CHECK(job(text, "write").ends_with("-O cram -o save:out.cram in:all"));
  CHECK(job(text, "work[n] ok 0,1").ends_with("< in:part[i] > out:done[i]"));
  CHECK(plan_of(live).jobs[2].ok_statuses == std::set<int>{0, 1});
}

TEST_CASE("lines go from the file to the file, and rows are counted") {
  auto lines = form("in.txt", "out.txt");
  lines.order = "rows";
  lines.chunk_size = 7;
  lines.buffer = 65536;
  const std::string text = mrf::workflow::workflow_text(lines);
  CHECK(job(text, "split") == "mrf-distribute --stats out:counts -c 7 -i in.txt out:part[n]");
  CHECK(job(text, "join") ==
        "mrf-collect --order rows -c 7 --counts in:counts --buffer 65536 -o save:out.txt in:done[n]");
}

TEST_CASE("a URL is fetched, and its path tells the kind") {
  const std::string text = mrf::workflow::workflow_text(form("https://host/a.bam?sig=x.txt", "out.bam"));
  CHECK(job(text, "fetch") == "getm-fetch 'https://host/a.bam?sig=x.txt' - > out:fetched");
  CHECK(job(text, "read").ends_with("in:fetched > out:sam"));
}

TEST_CASE("lines go through a filter that is started for each chunk, unless an order is named") {
  CHECK(job(mrf::workflow::workflow_text(form("in.txt", "out.txt")), "work")
            .starts_with("mrf-chunks -n $n -i in.txt -- ./filter"));
  auto counted = form("in.fq", "out.txt");
  counted.chunk_size = 7;
  counted.ok_statuses = "0,1";
  CHECK(job(mrf::workflow::workflow_text(counted), "work")
            .starts_with("mrf-chunks -n $n --record fastq -c 7 --ok-status 0,1 -i in.fq --"));
  counted.chunk_size.reset();
  counted.has_measured_chunks = true;
  CHECK(job(mrf::workflow::workflow_text(counted), "work").find(" -c auto ") != std::string::npos);
  counted.order = "any";
  CHECK_THROWS_AS(mrf::workflow::workflow_text(counted), mrf::base::UsageError);
}

TEST_CASE("kinds by name, letters of either case") {
  struct Row {
    const char* name;
    const char* format;
    const char* record;
  };
  for (const Row& row :
       {Row{"a.bam", "bam", "line"}, Row{"A.BAM", "bam", "line"}, Row{"a.ubam", "bam", "line"},
        Row{"a.CRAM", "cram", "line"}, Row{"a.sam", "sam", "line"}, Row{"a.Sam.Gz", "sam.gz", "line"},
        Row{"a.fastq.gz", "fastq", "fastq"}, Row{"a.FQ", "fastq", "fastq"}, Row{"a.fa", "fasta", "fasta"},
        Row{"a.fasta.gz", "fasta", "fasta"}, Row{"a.fna", "fasta", "fasta"},
        Row{"a.faa.gz", "fasta", "fasta"}, Row{"bam", "lines", "line"}, Row{"-", "lines", "line"},
        Row{"a.txt.gz", "lines", "line"}, Row{"http://h/a.bam?x=.fq#y", "bam", "line"}}) {
    CAPTURE(row.name);
    CHECK(mrf::workflow::kind_of(row.name).format == row.format);
    CHECK(mrf::workflow::kind_of(row.name).record() == row.record);
  }
  CHECK(mrf::workflow::kind_of("a.txt.GZ").is_gzip);
  CHECK_FALSE(mrf::workflow::kind_of("a.txt").is_told);
  CHECK(mrf::workflow::kind_of_format("--input-format", "BAM").is_alignment());
  CHECK_THROWS_AS(mrf::workflow::kind_of_format("--input-format", "bamm"), mrf::base::UsageError);
}

TEST_CASE("mates are kept together, or the record form says that they may be parted") {
  const auto why = [](const mrf::workflow::ShortForm& form) -> std::string {
    try {
      mrf::workflow::workflow_text(form);
      return "";
    } catch (const mrf::base::UsageError& error) {
      return error.what();
    }
  };
  auto mixed = form("in.fq", "out.fq");
  for (const auto& [first, second, are_mates] :
       {std::tuple("@r/1", "@r/2", true), std::tuple("@r 1:N:0", "@r 2:N:0", true),
        std::tuple("@r", "@r", true), std::tuple("@r/1", "@s/1", false), std::tuple("@r1", "@r2", false)}) {
    mixed.starts = {{mrf::workflow::Content::fastq, {first, second}}};
    CHECK((why(mixed).find("'in.fq': its first two reads are mates: --record lines:8 keeps each two") !=
           std::string::npos) == are_mates);
  }
  mixed.starts = {{mrf::workflow::Content::fastq, {"@r/1", "@r/2"}}};
  for (const char* record : {"lines:8", "fastq"}) {
    mixed.record = record;
    CHECK(why(mixed).empty());
  }
  mixed.record.clear();
  mixed.key = "name";
  CHECK(why(mixed).empty());
  mixed.key = "column:1";
  CHECK(!why(mixed).empty());

  auto pairs = form("R2.fq", "out.bam");
  pairs.inputs.emplace_back("R1.fq");
  const auto with = [&](const char* first, const char* second) {
    pairs.starts = {{mrf::workflow::Content::fastq, {first}}, {mrf::workflow::Content::fastq, {second}}};
    return why(pairs);
  };
  CHECK(with("@r/2", "@r/1").find("'R2.fq': it has the second mates and 'R1.fq' the first") !=
        std::string::npos);
  CHECK(with("@r 2:N:0:A", "@r 1:N:0:A").find("second mates") != std::string::npos);
  CHECK(with("@r/1", "@r/1").find("'R1.fq': it has mates number 1, as the first input does") !=
        std::string::npos);
  for (const auto& [first, second] : {std::pair("@r/1", "@r/2"), std::pair("@r", "@r")})
    CHECK(with(first, second).empty());
  pairs.record = "fastq";
  CHECK(with("@r/2", "@r/1").empty());
}

TEST_CASE("what an input holds wins over what its name does not say") {
  auto piped = form("-", "out.bam");
  CHECK_THROWS_AS(mrf::workflow::workflow_text(piped), mrf::base::UsageError);  // nobody knows
  for (const auto content :
       {mrf::workflow::Content::bam, mrf::workflow::Content::cram, mrf::workflow::Content::sam}) {
    piped.starts = {{content, {}}};
    CHECK(job(mrf::workflow::workflow_text(piped), "read") == "mrf-bamread - > out:sam");
  }
  piped.starts = {{mrf::workflow::Content::fastq, {}}};
  CHECK(job(mrf::workflow::workflow_text(piped), "work")
            .starts_with("mrf-chunks -n $n --record fastq --output-record sam -i - --"));
  piped.starts = {{mrf::workflow::Content::unknown, {}}};
  piped.input_format = "fasta";
  CHECK(job(mrf::workflow::workflow_text(piped), "work")
            .starts_with("mrf-chunks -n $n --record fasta --output-record sam -i - --"));
  piped.input_format = "bam";
  CHECK(job(mrf::workflow::workflow_text(piped), "read") == "mrf-bamread - > out:sam");

  auto named = form("in.txt", "out.txt");
  named.starts = {{mrf::workflow::Content::bam, {}}};
  CHECK(job(mrf::workflow::workflow_text(named), "read") == "mrf-bamread -@ 2 --no-header in.txt > out:sam");
  CHECK(job(mrf::workflow::workflow_text(named), "work")
            .starts_with("mrf-chunks -n $n --output-record line -i in:sam --"));
  named.starts = {{mrf::workflow::Content::sam, {}}};  // text to text stays text
  CHECK(job(mrf::workflow::workflow_text(named), "work").starts_with("mrf-chunks -n $n -i in.txt --"));
  named.starts = {{mrf::workflow::Content::fasta, {}}};
  CHECK(job(mrf::workflow::workflow_text(named), "work")
            .starts_with("mrf-chunks -n $n --record fasta -i in.txt --"));
  named.record = "line";
  CHECK(job(mrf::workflow::workflow_text(named), "work").starts_with("mrf-chunks -n $n -i in.txt --"));
}

TEST_CASE("an input that nothing here reads is refused by name, unless its bytes are bytes") {
  for (const auto content : {mrf::workflow::Content::bcf, mrf::workflow::Content::bzip2,
                             mrf::workflow::Content::xz, mrf::workflow::Content::zstd}) {
    auto one = form("in.txt", "out.txt");
    one.starts = {{content, {}}};
    CHECK_THROWS_AS(mrf::workflow::workflow_text(one), mrf::base::DataError);
    one.record = "fixed:8";
    CHECK_NOTHROW(mrf::workflow::choose(one));
  }
  auto contradicted = form("in.fq", "out.fq");
  contradicted.starts = {{mrf::workflow::Content::bam, {}}};
  contradicted.input_format = "fastq";
  CHECK_THROWS_AS(mrf::workflow::workflow_text(contradicted), mrf::base::DataError);
  contradicted.input_format.clear();
  contradicted.record = "line";
  CHECK_THROWS_AS(mrf::workflow::workflow_text(contradicted), mrf::base::UsageError);
}

TEST_CASE("the output has a kind of its own, in every order") {
  auto fastq = form("in.bam", "out.fq");
  CHECK(job(mrf::workflow::workflow_text(fastq), "work")
            .starts_with("mrf-chunks -n $n --output-record fastq -i in:sam --"));
  fastq.order = "any";
  CHECK(job(mrf::workflow::workflow_text(fastq), "join") ==
        "mrf-collect --record fastq --order any -o save:out.fq in:done[n]");
  fastq.order = "seq";
  CHECK_THROWS_AS(mrf::workflow::workflow_text(fastq), mrf::base::UsageError);
  fastq.order = "rows";
  fastq.record = "bam";
  CHECK(job(mrf::workflow::workflow_text(fastq), "join")
            .starts_with("mrf-collect --record fastq --order rows "));
  fastq.output_record = "lines:2";
  CHECK(job(mrf::workflow::workflow_text(fastq), "join")
            .starts_with("mrf-collect --record lines:2 --repeated-headers --order rows "));

  auto aligned = form("in.fq.gz", "out.bam");
  CHECK(job(mrf::workflow::workflow_text(aligned), "work")
            .starts_with("mrf-chunks -n $n --record fastq --output-record sam -i in.fq.gz --"));
  aligned.order = "any";
  CHECK(job(mrf::workflow::workflow_text(aligned), "join") ==
        "mrf-collect --sam --same-header --order any in:done[n] > out:all");
  aligned.output_record = "bam";
  CHECK(job(mrf::workflow::workflow_text(aligned), "join")
            .starts_with("mrf-collect --record bam --same-header --order any "));
  aligned.output_record = "line";
  CHECK_THROWS_AS(mrf::workflow::workflow_text(aligned), mrf::base::UsageError);

  auto piped = form("in.bam", "-");
  CHECK(job(mrf::workflow::workflow_text(piped), "work").ends_with(" ''"));
  piped.output_format = "bam";
  CHECK(job(mrf::workflow::workflow_text(piped), "write") == "mrf-bamwrite -@ 2 -O bam in:done");
  piped.output_format = "fastq";
  piped.output_record = "sam";
  CHECK_THROWS_AS(mrf::workflow::workflow_text(piped), mrf::base::UsageError);
  piped.output_format.clear();
  CHECK(job(mrf::workflow::workflow_text(piped), "write") == "mrf-bamwrite -O sam in:done");
}

TEST_CASE("the headers of live copies have to agree") {
  auto given = form("in.bam", "out.bam");
  given.header_broadcast = true;
  given.order = "any";
  CHECK(job(mrf::workflow::workflow_text(given), "join") ==
        "mrf-collect --sam --same-header --order any in:done[n] > out:all");
  CHECK(job(mrf::workflow::workflow_text(given), "write").find(" --unsorted -O bam") != std::string::npos);
  given.outputs = {"out.txt"};
  CHECK(job(mrf::workflow::workflow_text(given), "join")
            .starts_with("mrf-collect --header-prefix @ --order any "));
  given.order = "seq";
  CHECK(job(mrf::workflow::workflow_text(given), "join")
            .starts_with("mrf-collect --sam --no-header --header-prefix @ --order seq "));
}

TEST_CASE("explicit words win over names") {
  auto text = form("in.sam", "out.sam");
  text.record = "line";
  CHECK(job(mrf::workflow::workflow_text(text), "work")
            .starts_with("mrf-chunks -n $n --output-record line --repeated-headers -i in.sam -- "));
  CHECK(job(mrf::workflow::workflow_text(text), "work").ends_with(" > save:out.sam"));
  text.inputs = {"in.bam"};
  CHECK_THROWS_AS(mrf::workflow::workflow_text(text), mrf::base::UsageError);
}

TEST_CASE("a header of lines goes around the filter or to each copy") {
  auto table = form("in.tsv", "out.tsv");
  table.header_lines = 1;
  CHECK(job(mrf::workflow::workflow_text(table), "work")
            .starts_with("mrf-chunks -n $n --header-lines 1 -i in.tsv --"));
  table.order = "any";
  CHECK(job(mrf::workflow::workflow_text(table), "split")
            .starts_with("mrf-distribute --header-lines 1 --header-to out:header "));
  CHECK(job(mrf::workflow::workflow_text(table), "join")
            .starts_with("mrf-collect --order any --header in:header "));
  table.header_lines.reset();
  table.header_prefix = "#";
  table.header_broadcast = true;
  CHECK(job(mrf::workflow::workflow_text(table), "split")
            .starts_with("mrf-distribute --header-prefix '#' --header-broadcast "));
  CHECK(job(mrf::workflow::workflow_text(table), "join")
            .starts_with("mrf-collect --order any --header-prefix '#' "));
  table.order = "chunk";
  CHECK(job(mrf::workflow::workflow_text(table), "work")
            .starts_with("mrf-chunks -n $n --header-prefix '#' --header-broadcast -i in.tsv --"));
  table.header_lines = 1;
  CHECK_THROWS_AS(mrf::workflow::workflow_text(table), mrf::base::UsageError);
  auto bam = form("in.bam", "out.bam");
  bam.header_lines = 1;
  CHECK_THROWS_AS(mrf::workflow::workflow_text(bam), mrf::base::UsageError);
  auto none = form("in.txt", "out.txt");
  none.header_broadcast = true;
  none.starts = {{mrf::workflow::Content::text, {}}};
  CHECK_THROWS_AS(mrf::workflow::workflow_text(none), mrf::base::UsageError);
}

TEST_CASE("no number stands in front of lines whose header the filter gets") {
  auto vcf = form("in.vcf", "out.vcf");
  vcf.order = "seq";
  vcf.header_prefix = "#";
  CHECK_NOTHROW(mrf::workflow::workflow_text(vcf));
  vcf.header_broadcast = true;
  CHECK_THROWS_WITH_AS(mrf::workflow::workflow_text(vcf),
                       doctest::Contains("--order chunk, rows and any give it the lines as they are"),
                       mrf::base::UsageError);
  auto sam = form("in.sam", "out.sam");
  sam.order = "seq";
  sam.header_broadcast = true;
  CHECK_NOTHROW(mrf::workflow::workflow_text(sam));
}

TEST_CASE("[i] is the copy's number in words like names of files only") {
  CHECK(mrf::workflow::has_copy_number("log.[i]"));
  CHECK(mrf::workflow::has_copy_number("--out=a/b-[i].txt"));
  for (const char* other : {"{ a[i] = $1 }", "x", "[j]", "print(x[i])", "a*[i]", "[i] [i]"})
    CHECK_FALSE(mrf::workflow::has_copy_number(other));
  auto numbered = form("in.txt", "out.txt");
  numbered.command = {"tee", "x=in:[i].log", "{ a[i] }", "[i]"};
  numbered.order = "any";
  const auto plan = plan_of(numbered);
  const auto& words = plan.jobs[2].words;
  REQUIRE(words.size() == 4);
  CHECK(words[1][0].text == "x=in:1.log");
  CHECK(words[2][0].text == "{ a[i] }");
  CHECK(words[3][0].text == "1");
  numbered.order = "chunk";
  CHECK_THROWS_AS(mrf::workflow::workflow_text(numbered), mrf::base::UsageError);
}

TEST_CASE("what the short form cannot do is a usage error") {
  auto one = form("in.txt", "out.txt");
  one.order = "sorted";
  CHECK_THROWS_AS(mrf::workflow::workflow_text(one), mrf::base::UsageError);
  one.order = "rows";
  one.workers = 0;
  CHECK_THROWS_AS(mrf::workflow::workflow_text(one), mrf::base::UsageError);
  one.workers = 1;
  one.chunk_size = 0;
  CHECK_THROWS_AS(mrf::workflow::workflow_text(one), mrf::base::UsageError);
  one.chunk_size = 1;
  one.level = 10;
  CHECK_THROWS_AS(mrf::workflow::workflow_text(one), mrf::base::UsageError);
  one.level.reset();
  for (const char* list : {"x", "1,", "256"}) {
    one.ok_statuses = list;
    CHECK_THROWS_AS(mrf::workflow::workflow_text(one), mrf::base::UsageError);
  }
  CHECK_THROWS_AS(mrf::workflow::workflow_text(form("", "out.bam")), mrf::base::UsageError);
  auto bare = form("in.bam", "out.bam");
  bare.output_record = "bam";  // from lines without a header
  CHECK_THROWS_AS(mrf::workflow::workflow_text(bare), mrf::base::UsageError);
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
    const auto choice = mrf::workflow::choose(one);
    CHECK(choice.reader_threads == row.reader);
    CHECK(choice.writer_threads == row.writer);
    CHECK(choice.reader_threads + choice.writer_threads <= row.processors);
  }
}

TEST_CASE("a budget of processors is shared: workers, the reader, the writer and their threads are no more") {
  using mrf::workflow::Workers;
  struct Files {
    std::vector<std::string> inputs, outputs;
    std::string order, record;
    int computing;  // jobs besides the filter
  };
  const std::vector<Files> all = {
      {{"in.bam"}, {"out.bam"}, "", "", 2},
      {{"in.bam"}, {"out.bam"}, "seq", "", 2},
      {{"in.bam"}, {"out.bam"}, "", "bam", 2},
      {{"in.bam"}, {"out.bam"}, "seq", "bam", 2},
      {{"in.cram"}, {"out.txt"}, "", "", 1},
      {{"in.txt"}, {"out.txt"}, "", "", 0},
      {{"in.txt"}, {"out.txt"}, "seq", "", 0},
      {{"in.gz"}, {"out.txt"}, "", "", 1},
      {{"in.gz"}, {"out.gz"}, "", "", 2},
      {{"in.gz"}, {"out.gz"}, "seq", "", 2},
      {{"https://example.org/in.bam"}, {"out.bam"}, "", "", 3},
      {{"R1.fq.gz", "R2.fq.gz"}, {"T1.fq.gz", "T2.fq.gz"}, "", "", 3},
      {{"R1.fq.gz", "R2.fq.gz"}, {"out.bam"}, "", "", 2},
  };
  for (const Files& files : all) {
    CAPTURE(files.inputs[0]);
    for (int cpus = 1; cpus <= 64; ++cpus) {
      CAPTURE(cpus);
      auto one = form(files.inputs[0], files.outputs[0]);
      one.inputs = files.inputs;
      one.outputs = files.outputs;
      one.order = files.order;
      one.record = files.record;
      one.cpus = cpus;
      const auto shared = [&] {
        const auto choice = mrf::workflow::choose(one);
        CHECK(choice.computing_jobs == files.computing);
        return one.workers + choice.computing_jobs + choice.reader_threads + choice.writer_threads;
      };
      const auto open = one;
      mrf::workflow::share_processors(one, Workers::open);
      const int sum = shared();
      CHECK(sum <= std::max(cpus, 1 + files.computing));
      CHECK(sum >= std::min(cpus, 48));  // nothing is left unused but of more threads than are any good
      one = open;
      one.workers = std::max(cpus / 2, 1);
      mrf::workflow::share_processors(one, Workers::given);
      CHECK(one.workers == std::max(cpus / 2, 1));
      CHECK(shared() <= std::max(cpus, one.workers + files.computing));
      one = open;
      one.threads = cpus / 2;
      mrf::workflow::share_processors(one, Workers::open);
      CHECK(one.threads == cpus / 2);
      CHECK(shared() <= std::max(cpus, 1 + files.computing + cpus / 2));
    }
  }
  auto many = form("in.bam", "out.bam");
  many.cpus = 4;
  many.workers = 5;
  CHECK_THROWS_AS(mrf::workflow::share_processors(many, Workers::given), mrf::base::UsageError);
  many.workers = 2;
  many.threads = 3;
  CHECK_THROWS_AS(mrf::workflow::share_processors(many, Workers::given), mrf::base::UsageError);
  many.workers = many.threads.emplace(std::numeric_limits<int>::max());
  CHECK_THROWS_AS(mrf::workflow::share_processors(many, Workers::given), mrf::base::UsageError);
  many.cpus = 0;
  CHECK_THROWS_AS(mrf::workflow::share_processors(many, Workers::open), mrf::base::UsageError);
}

TEST_CASE("what the user says of threads and of leniency goes to the reader and the writer") {
  auto lax = form("in.bam", "out.bam");
  lax.is_permissive = true;
  CHECK(job(mrf::workflow::workflow_text(lax), "read").starts_with("mrf-bamread --permissive in.bam"));
  CHECK(job(mrf::workflow::workflow_text(lax), "write").find(" --permissive -O bam ") != std::string::npos);
  auto told = form("in.bam", "out.bam");
  told.threads = 9;
  CHECK(job(mrf::workflow::workflow_text(told), "read").starts_with("mrf-bamread -@ 3 "));
  CHECK(job(mrf::workflow::workflow_text(told), "write").starts_with("mrf-bamwrite -@ 6 "));
}

TEST_CASE("BAM records go without SAM text") {
  auto bam = form("in.bam", "out.bam");
  bam.record = "bam";
  bam.level = 1;
  CHECK(job(mrf::workflow::workflow_text(bam), "work")
            .starts_with("mrf-chunks -n $n --record bam --output-record bam -i in.bam -- ./filter"));
  CHECK(job(mrf::workflow::workflow_text(bam), "write") ==
        "mrf-bamwrite -@ 2 -l 1 -O bam -o save:out.bam in:done");
  bam.order = "seq";
  const std::string text = mrf::workflow::workflow_text(bam);
  CHECK(job(text, "split") == "mrf-distribute --record bam --seq -c 1000 -i in.bam out:part[n]");
  CHECK(job(text, "join") == "mrf-collect --record bam --same-header --order seq in:done[n] > out:all");
  bam.inputs = {"in.cram"};
  CHECK(job(mrf::workflow::workflow_text(bam), "read") == "mrf-bamread -u in.cram > out:bam");
  bam.inputs = {"in.bam"};
  bam.starts = {{mrf::workflow::Content::sam, {}}};
  CHECK(job(mrf::workflow::workflow_text(bam), "read") == "mrf-bamread -u in.bam > out:bam");
  bam.outputs = {"out.txt"};
  bam.level.reset();
  CHECK_THROWS_AS(mrf::workflow::workflow_text(bam), mrf::base::UsageError);  // numbers are lost
  bam.order = "";
  CHECK(job(mrf::workflow::workflow_text(bam), "work").find("--record bam --output-record line") !=
        std::string::npos);
  bam.outputs = {"-"};
  CHECK(job(mrf::workflow::workflow_text(bam), "write") == "mrf-bamwrite -@ 2 -O bam in:done");
}

TEST_CASE("records go by key") {
  auto keyed = form("in.bam", "out.bam");
  keyed.key = "tag:CB";
  CHECK(job(mrf::workflow::workflow_text(keyed), "split")
            .starts_with("mrf-distribute --sam --seq --header-to out:header --key tag:CB -i in:sam"));
  auto lines = form("in.txt", "out.txt");
  lines.key = "after:a b";
  CHECK(job(mrf::workflow::workflow_text(lines), "split")
            .starts_with("mrf-distribute --key 'after:a b' -i in.txt"));
  CHECK(mrf::workflow::choose(lines).order == "any");
  for (const char* order : {"rows", "chunk"}) {
    lines.order = order;
    CHECK_THROWS_AS(mrf::workflow::workflow_text(lines), mrf::base::UsageError);
  }
}

TEST_CASE("records without the key: dropped, distributed in turn, or in a file of their own") {
  auto keyed = form("in.bam", "out.bam");
  keyed.key = "tag:CB";
  for (const char* what : {"error", "skip", "any"}) {
    keyed.missing = what;
    CHECK(job(mrf::workflow::workflow_text(keyed), "split").find(std::string("--missing ") + what + " ") !=
          std::string::npos);
  }
  keyed.missing = "lacking.sam";
  const std::string text = mrf::workflow::workflow_text(keyed);
  CHECK(job(text, "split").find("--header-to out:header --key tag:CB --missing out:missing") !=
        std::string::npos);
  CHECK(job(text, "headers") == "tee out:header-all < in:header > out:header-missing");
  CHECK(job(text, "join").find("--header in:header-all") != std::string::npos);
  CHECK(job(text, "missing") ==
        "mrf-collect --sam --order seq --header in:header-missing in:missing > out:lacking");
  CHECK(job(text, "store") == "mrf-bamwrite -O sam -o save:lacking.sam in:lacking");
  CHECK(plan_of(keyed).results.size() == 2);
  keyed.missing = "lacking.txt";
  CHECK(job(mrf::workflow::workflow_text(keyed), "missing") ==
        "mrf-collect --sam --order seq --no-header -o save:lacking.txt in:missing");
  keyed.record = "bam";
  CHECK_THROWS_AS(mrf::workflow::workflow_text(keyed), mrf::base::UsageError);
  keyed.missing = "lacking.bam";
  CHECK(job(mrf::workflow::workflow_text(keyed), "missing") ==
        "mrf-collect --record bam --order seq in:missing > out:lacking");
  auto lines = form("in.txt", "out.txt");
  lines.missing = "skip";
  CHECK_THROWS_AS(mrf::workflow::workflow_text(lines), mrf::base::UsageError);
  lines.key = "column:2";
  lines.missing = "lacking.txt";
  CHECK(job(mrf::workflow::workflow_text(lines), "split").find("--missing save:lacking.txt") !=
        std::string::npos);
}

TEST_CASE("mates go in step, and are parted by name") {
  auto pairs = form("a.fq.gz", "x.fq");
  pairs.inputs.emplace_back("b.fq.gz");
  pairs.outputs.emplace_back("y.fq.gz");
  const auto plan = plan_of(pairs);
  CHECK(plan.results == std::vector<std::string>{"x.fq", "y.fq.gz"});
  std::string text = mrf::workflow::workflow_text(pairs);
  CHECK(job(text, "pair") ==
        "mrf-distribute --record fastq -c 1 -i a.fq.gz --mate b.fq.gz out:first out:second");
  CHECK(job(text, "work")
            .starts_with("mrf-chunks -n $n --record lines:8 --output-record fastq -i in:pairs --"));
  CHECK(job(text, "part") == "mrf-distribute --record fastq --mates -i in:done save:x.fq out:mate2");
  CHECK(job(text, "write-mate2") ==
        "mrf-collect --record fastq --order concat -@ 1 -o save:y.fq.gz in:mate2");
  pairs.singles = "s.fq";
  CHECK(job(mrf::workflow::workflow_text(pairs), "part").find("--mates --singles save:s.fq ") !=
        std::string::npos);
  pairs.order = "any";
  CHECK_THROWS_AS(mrf::workflow::workflow_text(pairs), mrf::base::UsageError);
  pairs.singles.clear();
  text = mrf::workflow::workflow_text(pairs);
  CHECK(job(text, "join") == "mrf-collect --record lines:8 --order any in:done[n] > out:all");
  CHECK(job(text, "part").find("--mates -i in:all") != std::string::npos);
  pairs.outputs = {"x.fq", "x.fq"};
  CHECK_THROWS_AS(mrf::workflow::workflow_text(pairs), mrf::base::UsageError);
  pairs.outputs = {"x.fq"};
  pairs.order.clear();
  CHECK(job(mrf::workflow::workflow_text(pairs), "work").ends_with(" > save:x.fq"));
  pairs.inputs[1] = "b.txt";
  CHECK_THROWS_AS(mrf::workflow::workflow_text(pairs), mrf::base::UsageError);
  pairs.starts = {{mrf::workflow::Content::unknown, {}}, {mrf::workflow::Content::fastq, {}}};
  CHECK_NOTHROW(mrf::workflow::choose(pairs));
}

TEST_CASE("the records of chunks that are compressed are counted as what they are") {
  auto reads = form("in.fq", "out.fq.gz");
  CHECK(job(mrf::workflow::workflow_text(reads), "join")
            .starts_with("mrf-collect --record fastq --order concat "));
  auto table = form("in.txt", "out.gz");
  table.record = "lines:4";
  table.output_record = "lines:4";
  CHECK(job(mrf::workflow::workflow_text(table), "join").starts_with("mrf-collect --record lines:4 "));
  table.header_lines = 1;
  CHECK(job(mrf::workflow::workflow_text(table), "join").starts_with("mrf-collect --order concat "));
  table = form("in.txt", "out.gz");
  CHECK(job(mrf::workflow::workflow_text(table), "join").starts_with("mrf-collect --order concat "));
}

TEST_CASE("an option that would do nothing is refused") {
  auto plain = form("in.txt", "out.txt");
  plain.level = 1;
  CHECK_THROWS_AS(mrf::workflow::workflow_text(plain), mrf::base::UsageError);
  plain.outputs = {"out.txt.gz"};
  CHECK(mrf::workflow::workflow_text(plain).find("--order concat -@ 2 -l 1 -o save:out.txt.gz") !=
        std::string::npos);
  plain.reference = "ref.fa";
  CHECK_THROWS_AS(mrf::workflow::workflow_text(plain), mrf::base::UsageError);
  auto single = form("in.fq", "out.fq");
  single.singles = "s.fq";
  CHECK_THROWS_AS(mrf::workflow::workflow_text(single), mrf::base::UsageError);
}

TEST_CASE("outputs are combined by a command of the user's") {
  auto lines = form("in.txt", "out.txt");
  lines.combine = {"sort", "-m", "in:x"};
  lines.buffer = 3000;
  std::string text = mrf::workflow::workflow_text(lines);
  CHECK(job(text, "split") == "mrf-distribute -c 1000 -i in.txt out:part[n]");
  CHECK(job(text, "hold[n]") ==
        "mrf-collect --record fixed:1 --order concat --spool --buffer 1000 in:done[i] > out:held[i]");
  CHECK(job(text, "combine") == "sort -m 'in:x' in:held[n] > save:out.txt");
  CHECK(job(text, "join").empty());
  CHECK(plan_of(lines).jobs.size() == 8);
  lines.outputs = {"-"};
  CHECK(job(mrf::workflow::workflow_text(lines), "combine") == "sort -m 'in:x' in:held[n]");
  lines.header_lines = 1;
  lines.outputs = {"out.txt"};
  text = mrf::workflow::workflow_text(lines);
  CHECK(job(text, "combine").ends_with(" > out:combined"));
  CHECK(job(text, "join") ==
        "mrf-collect --order concat --header in:header --buffer 3000 -o save:out.txt in:combined");
  auto alignments = form("in.bam", "out.bam");
  alignments.combine = {"samtools", "merge", "-"};
  alignments.record = "bam";
  CHECK(job(mrf::workflow::workflow_text(alignments), "combine") == "samtools merge - in:held[n] > out:all");
  for (const char* order : {"chunk", "seq", "rows"}) {
    lines.order = order;
    CHECK_THROWS_AS(mrf::workflow::workflow_text(lines), mrf::base::UsageError);
  }
}

TEST_CASE("words of the filter name results, one for each worker") {
  auto lines = form("in.txt", "out.txt");
  lines.order = "any";
  lines.command = {"./count", "save:a b.[i]", "--table=save:t.[i].tsv", "x y=save:z"};
  CHECK(job(mrf::workflow::workflow_text(lines), "work[n]")
            .starts_with("./count save:'a b.'[i] --table=save:t.[i].tsv 'x y=save:z' <"));
  for (const char* nameless : {"save:", "--table=save:", "save:-"}) {
    lines.command = {"./count", nameless};
    CHECK_THROWS_AS(mrf::workflow::workflow_text(lines), mrf::base::UsageError);
  }
  lines.command = {"./count", "save:side.[i].tsv"};
  CHECK(mrf::workflow::saved_files(lines) ==
        std::vector<std::string>{"side.0.tsv", "side.1.tsv", "side.2.tsv"});
  lines.command = {"./count", "save:side.tsv"};
  CHECK_THROWS_AS(mrf::workflow::workflow_text(lines), mrf::base::UsageError);
  lines.workers = 1;
  CHECK(plan_of(lines).results == std::vector<std::string>{"side.tsv", "out.txt"});
}
