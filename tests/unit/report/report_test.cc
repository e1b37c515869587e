// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "report/advice.h"
#include "report/flow.h"
#include "report/graph.h"
#include "report/page.h"
#include "report/table.h"

namespace {

using mrf::report::Flow;
using mrf::report::flow_of;
using mrf::report::Json;

Json job(const std::string& name, Json number, std::vector<std::string> command, double wall_s,
         double cpu_s) {
  return Json{{"name", name},
              {"number", number},
              {"round", nullptr},
              {"command", command},
              {"inputs", Json::array()},
              {"results", Json::array()},
              {"status", 0},
              {"signal", nullptr},
              {"wall_s", wall_s},
              {"user_s", cpu_s},
              {"sys_s", 0},
              {"max_rss_bytes", 5 << 20},
              {"busy", cpu_s / wall_s},
              {"records_in", 100},
              {"records_out", 90},
              {"tools", Json::array()}};
}

Json fifo(const std::string& name, const std::string& writer, const std::string& reader) {
  return Json{{"name", name},  {"writer", writer}, {"reader", reader}, {"records", 50},
              {"bytes", 5000}, {"empty", 0.25},    {"full", 0.5}};
}

Json run(std::vector<Json> jobs, std::vector<Json> fifos, const std::string& bottleneck, double wall_s,
         int processors) {
  return Json{{"workflow", "w"},
              {"status", 0},
              {"wall_s", wall_s},
              {"failed", nullptr},
              {"bottleneck", bottleneck},
              {"results", {"out.bam"}},
              {"jobs", jobs},
              {"fifos", fifos},
              {"processors", processors}};
}

// A reader, two filters and a writer that took so many processor seconds of 10 s.
Json bam_run(double read_s, double filter_s, double write_s, const std::string& bottleneck, int processors,
             std::vector<std::string> write = {"mrf-bamwrite", "-@", "2", "-o", "save:out.bam", "in:all"}) {
  Json report = run(
      {job("read", nullptr, {"mrf-bamread", "in.bam"}, 10, read_s), job("work", 0, {"./f.py"}, 10, filter_s),
       job("work", 1, {"./f.py"}, 10, filter_s), job("write", nullptr, write, 10, write_s)},
      {fifo("part[0]", "read", "work[0]"), fifo("part[1]", "read", "work[1]"),
       fifo("done[0]", "work[0]", "write"), fifo("done[1]", "work[1]", "write")},
      bottleneck, 10, processors);
  return report;
}

std::string advice_of(const Json& report) {
  const std::string text = mrf::report::advice(flow_of(report, "r"));
  CHECK(text.size() <= 80);
  return text;
}

}  // namespace

TEST_CASE("copies of a job are one job, and their FIFOs one FIFO") {
  Json report = bam_run(1, 8, 2, "work", 4);
  report["jobs"][2]["user_s"] = 6;
  report["jobs"][2]["status"] = 3;
  const Flow flow = flow_of(report, "r");
  REQUIRE(flow.jobs.size() == 3);
  CHECK(flow.jobs[1].label() == "work ×2");
  CHECK(flow.jobs[1].cpu_s.least == 6);
  CHECK(flow.jobs[1].cpu_s.most == 8);
  CHECK(flow.jobs[1].cpu_s.sum == 14);
  CHECK(flow.jobs[1].status == "3");
  CHECK(flow.jobs[1].records_in == 200);
  REQUIRE(flow.fifos.size() == 2);
  CHECK(flow.fifos[0].label() == "part ×2");
  CHECK(flow.fifos[1].writer == 1);
  CHECK(flow.fifos[1].reader == 2);
  CHECK(flow.fifos[1].bytes == 10000);
  report["jobs"][1]["records_in"] = nullptr;
  CHECK(!flow_of(report, "r").jobs[1].records_in);
}

TEST_CASE("rounds of a section are one job, with the number of rounds") {
  Json report = run({job("a", 0, {"x"}, 1, 1), job("a", 1, {"x"}, 1, 1), job("a", 0, {"x"}, 1, 1),
                     job("a", 1, {"x"}, 1, 1), job("b", nullptr, {"y"}, 1, 1)},
                    {fifo("p[0]", "a[0]", "b"), fifo("p[1]", "a[1]@2", "b")}, "a", 2, 1);
  report["jobs"][0]["round"] = report["jobs"][1]["round"] = 0;
  report["jobs"][2]["round"] = report["jobs"][3]["round"] = 1;
  report["jobs"][1]["result"] = report["jobs"][3]["result"] = 7;
  const Flow flow = flow_of(report, "r");
  CHECK(flow.jobs[0].label() == "a ×2, 2 rounds");
  CHECK(flow.jobs[0].values == std::vector<std::string>{"a[1]@0: 7", "a[1]@1: 7"});
  CHECK(flow.fifos[0].label() == "p ×2");
}

TEST_CASE("the row for MultiQC has the records of the first result, not of what is beside it") {
  Json report = bam_run(1, 2, 3, "write", 4);
  report["jobs"][3]["results"] = {"out.bam"};
  report["jobs"][0]["records_in"] = nullptr;
  report["jobs"].push_back(job("side", nullptr, {"mrf-collect"}, 1, 1));
  report["jobs"][4]["records_out"] = 5;
  report["jobs"][4]["results"] = {"side.tsv"};
  const auto row = [](const Json& of) {
    return Json::parse(mrf::report::multiqc_section(flow_of(of, "r"), "s"))["data"]["s"];
  };
  report["fifos"].insert(report["fifos"].begin(), fifo("side", "work", "side"));
  report["fifos"][0]["records"] = 7;
  CHECK(row(report)["records_out"] == 90);
  CHECK(row(report)["records_in"] == 100);
  report["results"] = Json::array();
  CHECK(row(report)["records_out"] == 5);
  // To standard output, with a side table as the only result.
  report["results"] = {"side.tsv"};
  report["jobs"][3]["results"] = Json::array();
  report["fifos"][0]["side"] = true;
  CHECK(row(report)["records_in"] == 100);
  CHECK(row(report)["records_out"] == 90);
  CHECK(mrf::report::sample_name(flow_of(report, "r")) == "w");
  // To standard output, with a file for records without a key, which goes through a job of its own.
  report["outputs"] = {"-"};
  report["results"] = {"missing.bam"};
  report["jobs"][4]["results"] = {"missing.bam"};
  report["jobs"].push_back(job("missing", nullptr, {"mrf-collect"}, 1, 1));
  report["fifos"][0] = fifo("missing", "read", "missing");
  report["fifos"][0]["records"] = 7;
  report["fifos"].push_back(fifo("lacking", "missing", "side"));
  CHECK(row(report)["records_in"] == 100);
  CHECK(row(report)["records_out"] == 90);
  CHECK(mrf::report::sample_name(flow_of(report, "r")) == "w");
  // A run that has failed has no results.
  report["outputs"] = {"a/out.bam", "b/out.bam"};
  report["results"] = Json::array();
  CHECK(mrf::report::sample_name(flow_of(report, "r")) == "out");
  // The first job has counted the input; what it parts may be in several FIFOs, and a header has no records.
  report["jobs"][0]["records_in"] = 107;
  CHECK(row(report)["records_in"] == 107);
  report["jobs"][3]["results"] = {"a/out.bam"};
  report["jobs"][4]["results"] = {"b/out.bam"};
  CHECK(row(report)["records_out"] == 95);
}

TEST_CASE("what is no report is refused, and members of a wrong type are unknown") {
  for (const char* text :
       {"null", "[]", "{}", "3", R"({"jobs":[],"fifos":[]})", R"({"jobs":[{}],"fifos":[]})",
        R"({"jobs":{"name":"a"},"fifos":[]})", R"({"jobs":[3],"fifos":[]})"}) {
    CHECK_THROWS_AS(flow_of(Json::parse(text), "r"), mrf::base::DataError);
  }
  const Flow flow = flow_of(
      Json::parse(
          R"({"jobs":[{"name":"a","user_s":"x","wall_s":-1,"busy":7,"command":[1,"c"],"tools":{},"number":"x",
        "records_in":1e300,"inputs":"x"}],"fifos":[3,{"writer":"a","reader":"b"}],"wall_s":"x","processors":-3,
        "status":1e99,"throughput":{"at_s":[0,"x",0,2],"bytes":[1,2,3,4],"records":[null]}})"),
      "r");
  CHECK(!flow.has_run);
  CHECK(flow.fifos.empty());
  CHECK(flow.jobs[0].busy == 1);
  CHECK(flow.jobs[0].command == std::vector<std::string>{"c"});
  CHECK(flow.throughput.size() == 2);
  CHECK(flow.status == 255);
}

TEST_CASE("the advice follows from who limited the run, and whether it computed") {
  // Writing at level 6: at level 1 it takes 1/3.5 of the time, and then the filters (5 s) limit.
  CHECK(advice_of(bam_run(2, 3, 28, "write", 8)) ==
        "writing limits: `-l 1` would be about 3 times as fast, and the file larger");
  CHECK(advice_of(bam_run(2, 5, 28, "write", 8)) ==
        "writing limits: `-l 1` would be about 2 times as fast, and the file larger");
  const std::vector<std::string> level1{"mrf-bamwrite", "-l", "1", "-@", "2", "-o", "save:out.bam", "in:all"};
  CHECK(advice_of(bam_run(2, 5, 28, "write", 8, level1)) ==
        "writing limits: `-@ 6` would be about 2 times as fast");
  CHECK(advice_of(bam_run(2, 5, 28, "write", 4, level1)) ==
        "writing limits, and all 4 processors are in use");
  CHECK(advice_of(bam_run(2, 5, 3, "write", 4)) ==
        "writing limits but computes only 10 % of the time: the disk or reader is slow");
  const std::vector<std::string> gzip{"mrf-collect", "-o", "save:out.txt.gz", "in:all"};
  CHECK(advice_of(bam_run(2, 2, 10, "write", 4, gzip)) ==
        "writing limits: `-l 1` would be about 5 times as fast, and the file larger");
  // Filters.
  CHECK(advice_of(bam_run(2, 9.5, 3, "work", 8)) ==
        "the filter limits: `-n 7` would be about 3 times as fast");
  CHECK(advice_of(bam_run(2, 9.5, 3, "work", 3)) == "the filter limits, and all 3 processors are in use");
  CHECK(advice_of(bam_run(2, 2, 3, "work", 8)) ==
        "the filter limits but computes only 20 % of the time: it waits for something");
  Json shared = bam_run(2, 2, 3, "work", 8);
  shared["machine_idle"] = 0.1;
  CHECK(advice_of(shared) == "the filter limits, but other programs have the processors: measure again");
  shared["machine_idle"] = 0.2;
  CHECK(advice_of(shared) == advice_of(bam_run(2, 2, 3, "work", 8)));
  Json uneven = bam_run(2, 2, 3, "work", 4);
  uneven["jobs"][1]["user_s"] = 9;
  uneven["jobs"].insert(uneven["jobs"].begin() + 3, job("work", 2, {"./f.py"}, 10, 2));
  CHECK(advice_of(uneven) ==
        "one copy of 'work' worked 4.5 times as long as the median: the shares are uneven");
  // Reading.
  CHECK(advice_of(bam_run(9, 2, 3, "read", 4)) == "reading limits: `-@ 2` would be about 2 times as fast");
  CHECK(advice_of(bam_run(1, 2, 3, "read", 4)) ==
        "reading limits but computes only 10 % of the time: the disk or network is slow");
  // Chunks.
  Json chunks =
      run({job("work", nullptr, {"mrf-chunks", "-n", "2", "-i", "in", "--", "./f", "-n", "9"}, 10, 19)}, {},
          "", 10, 4);
  CHECK(advice_of(chunks) == "the filter limits: `-n 4` would be about 2 times as fast");
  chunks["jobs"][0]["tools"] = Json::parse(R"([3,{"filters_s":"x"},{"filters_s":20,"starts_s":9}])");
  CHECK(advice_of(chunks) ==
        "the filter limits, 45 % of its time is its start: `-c auto` makes larger chunks");
  // Nothing to say.
  CHECK(advice_of(bam_run(2, 3, 28, "nobody", 8)).empty());
  Json failed = bam_run(2, 3, 28, "write", 8);
  failed["status"] = 1;
  CHECK(advice_of(failed).empty());
  Json brief = bam_run(2, 3, 28, "write", 8);
  brief["wall_s"] = 0.9;
  CHECK(advice_of(brief).empty());
}

TEST_CASE("the table has a line for the copies of a job, with least, median and most, in 80 columns") {
  Json report = bam_run(2, 3, 28, "write", 8);
  report["jobs"][1]["user_s"] = 2;
  report["jobs"][1]["result"] = Json{{"count", 7}};
  const std::string text = mrf::report::table(flow_of(report, "r"));
  CHECK(text ==
        "JOB             N STATUS   WALL s             CPU s    MiB RECORDS IN        OUT\n"
        "read            1      0    10.00              2.00    5.0        100         90\n"
        "work            2      0    10.00    2.00/3.00/3.00    5.0        200        180\n"
        "write           1      0    10.00             28.00    5.0        100         90\n"
        "\n"
        "FIFO            N        RECORDS            BYTES         EMPTY %         FULL %\n"
        "part            2            100            10000        25/25/25       50/50/50\n"
        "done            2            100            10000        25/25/25       50/50/50\n"
        "\n"
        "RESULTS\n"
        "work[0]: {\"count\":7}\n"
        "\n"
        "wall 10.00 s, status 0, bottleneck: write\n"
        "writing limits: `-l 1` would be about 4 times as fast, and the file larger\n");
}

TEST_CASE("a text is cut at characters, and has no control characters") {
  using mrf::report::cut_text;
  CHECK(cut_text("tr äöü x", 8) == "tr äöü x");
  CHECK(cut_text("tr äöü x", 7) == "tr äöü…");
  CHECK(cut_text("tr äöü x", 5) == "tr ä…");
  CHECK(cut_text("tr äöü x", 4) == "tr …");
  CHECK(cut_text("a\n\x1b[2Jb", 80) == "a  [2Jb");
  CHECK(cut_text("\xff\xff", 2) == "\xff\xff");
}

TEST_CASE("the colour of a share goes from white over yellow to red") {
  CHECK(mrf::report::heat_color(0) == "#ffffff");
  CHECK(mrf::report::heat_color(0.5) == "#ffdd66");
  CHECK(mrf::report::heat_color(1) == "#f06050");
  CHECK(mrf::report::heat_color(7) == "#f06050");
}
