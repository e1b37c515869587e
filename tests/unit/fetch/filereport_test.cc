// SPDX-License-Identifier: MIT
#include "fetch/filereport.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "fetch/list_url.h"

using mrf::fetch::FileReport;

namespace {

using Columns = std::vector<std::string>;

const std::string md5_a(32, 'a');
const std::string md5_b(32, 'b');

// The names, MD5s and sizes of the files of a row, or the fault.
std::string files(const Columns& columns, const std::vector<std::string_view>& values,
                  const std::string& kinds = "") {
  try {
    std::string text;
    for (const auto& file : FileReport(columns, kinds).files_of(values)) {
      text += file.name;
      if (file.expectation) text += "=" + mrf::fetch::to_hex(file.expectation->value).substr(0, 1);
      if (file.size) text += ":" + std::to_string(*file.size);
      text += " ";
    }
    return text;
  } catch (const std::string& fault) {
    return fault;
  }
}

}  // namespace

TEST_CASE("the files of a row, in step with their checksums and sizes") {
  const Columns columns{"run_accession", "fastq_ftp", "fastq_md5", "fastq_bytes"};
  const std::string two = md5_a + ";" + md5_b;
  CHECK(files(columns, {"R", "h/p/x;h/p/y", two, "1;2"}) == "x=a:1 y=b:2 ");
  CHECK(files(columns, {"R", "h/p/x; h/p/y;", two + ";", "1;2;"}) == "x=a:1 y=b:2 ");
  CHECK(files(columns, {"R", "h/p/x;h/p/y", ";" + md5_b, ""}) == "x y=b ");
  CHECK(files(columns, {"R", "", "", ""}) == "");
  CHECK(files(columns, {"R", "h/p/x;h/p/y", md5_a, "1;2"}) ==
        "has 2 files in fastq_ftp, but 1 values in fastq_md5");
  CHECK(files(columns, {"R", "h/p/x", two, "1"}) == "has 1 files in fastq_ftp, but 2 values in fastq_md5");
  CHECK(files(columns, {"R", "", md5_a, ""}) == "has 0 files in fastq_ftp, but 1 values in fastq_md5");
  CHECK(files(columns, {"R", "h/p/x", "", "x"}) == "has 'x' in fastq_bytes, which is no size");
  CHECK(files(columns, {"R", "h/p/x"}) == "has 2 columns, but the first line 4");
}

TEST_CASE("which kinds of files are taken") {
  const Columns columns{"sra_ftp", "submitted_ftp",    "submitted_md5",
                        "bam_ftp", "submitted_format", "submitted_MD5"};
  CHECK(FileReport(columns, "").kinds() == Columns{"submitted"});
  CHECK(FileReport(columns, "").other_kinds() == Columns{"sra", "bam"});
  CHECK(FileReport(columns, "").unknown_columns() == Columns{"submitted_MD5"});
  CHECK(FileReport(columns, "sra,bam").missing_checksums() == Columns{"sra_md5", "bam_md5"});
  CHECK(FileReport({"x", "bam_ftp"}, "").kinds() == Columns{"bam"});
  CHECK(files(columns, {"h/s", "h/b", "", "h/m", "", ""}, "bam,sra") == "m s ");
  CHECK(files(columns, {}, "fastq") == "has no column 'fastq_ftp'");
  CHECK(files(columns, {}, "sra,sra") == "is asked for 'sra' twice");
  CHECK(files({"a", "a"}, {}) == "has column 'a' twice");
  CHECK(FileReport::is_one(columns));
  CHECK_FALSE(FileReport::is_one({"_ftp", "ftp", "url"}));
}

TEST_CASE("URLs that a list does not spell out") {
  using mrf::fetch::url_below;
  using mrf::fetch::url_of_host_and_path;
  CHECK(url_below("https://h/d", "a/b c#?%.bam").text() == "https://h/d/a/b%20c%23%3F%25.bam");
  CHECK(url_below("https://h/d/?sig=x/y#z", "a").text() == "https://h/d/a?sig=x/y");
  CHECK(url_below("https://h", "a").text() == "https://h/a");
  for (const char* name : {"../a", "a/..", "a/../b", "/a"})
    CHECK_THROWS_AS(url_below("https://h/d", name), mrf::base::UsageError);
  CHECK(url_below("s3://b/p?q", "a b#%.bam").text() == "s3://b/p?q/a b#%.bam");
  CHECK(url_below("https://h/d", "..a/b..").text() == "https://h/d/..a/b..");
  CHECK(url_of_host_and_path("h:1/p/4075_8#1 %.bam").text() == "https://h:1/p/4075_8%231%20%25.bam");
  CHECK(url_of_host_and_path("http://h/p%20q").text() == "http://h/p%20q");
  for (const char* text : {"h", "/p", ""}) CHECK_THROWS_AS(url_of_host_and_path(text), mrf::base::UsageError);
  CHECK(mrf::fetch::directory_of_url("https://h/a/b?c/d#e/f") == "https://h/a/");
  CHECK(mrf::fetch::directory_of_url("https://h/a/") == "https://h/a/");
  CHECK(mrf::fetch::directory_of_url("https://h?x=/") == "https://h/");
}
