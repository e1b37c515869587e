// SPDX-License-Identifier: MIT
#include "workflow/failure_hints.h"

#include <doctest/doctest.h>

#include <string>

#include "workflow/shard_form.h"
#include "workflow/short_form_choice.h"

TEST_CASE("what the failure of a job may mean: headers, numbers, FIFOs that are read as files") {
  const auto form = [](const std::string& input, const std::string& output) {
    mrf::workflow::ShortForm one;
    one.inputs = {input};
    one.outputs = {output};
    one.command = {"./filter"};
    one.workers = 3;
    return one;
  };
  // The first hint that fits, as mrf-run says it.
  const auto hint = [](const mrf::workflow::ShortForm& of, const std::string& job, const std::string& line) {
    for (const auto& one : mrf::workflow::failure_hints(of)) {
      if (one.job == job && line.find(one.holds) != std::string::npos) return one.text;
    }
    return std::string();
  };
  const std::string says = "Failed to read from standard input: unknown file type";
  auto vcf = form("in.vcf", "out.vcf");
  CHECK(hint(vcf, "work", says).find("--header-prefix '#' with --header-broadcast gives") !=
        std::string::npos);
  CHECK(hint(vcf, "work", "another").empty());
  vcf.header_prefix = "#";
  vcf.order = "seq";
  CHECK(hint(vcf, "work", says).find("header; with --order chunk, rows or any, --header-broadcast gives") !=
        std::string::npos);
  CHECK(hint(vcf, "work", "another")
            .starts_with("with --order seq the filter reads each record with its number"));
  auto hash = form("in.txt", "out.txt");
  hash.starts = {{mrf::workflow::Content::text, {}, false, true}};
  const std::string first = "cannot filter 'chunk 0'";
  CHECK(hint(hash, "work", first).starts_with("'in.txt' begins with '#'"));
  const auto choice = mrf::workflow::choose(hash);
  CHECK(hint(mrf::workflow::form_of_shard(hash, choice, 0, {{"read"}}, {"p"}), "work", first)
            .starts_with("'in.txt' begins with '#'"));
  CHECK(hint(mrf::workflow::form_of_shard(hash, choice, 1, {{"read"}}, {"p"}), "work", first).empty());
  auto sums = form("in.fq", "out.bam");
  sums.combine = {"./sums", "-x"};
  sums.output_record = "bam";
  CHECK(hint(sums, "combine", "").starts_with("'./sums' of --combine reads the outputs from FIFOs"));
  CHECK(hint(sums, "write", "cannot read 'in:all'").ends_with("which has to be BAM"));
}
