// SPDX-License-Identifier: MIT
#include "chunk/joiner.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "codec/bgzf.h"
#include "io/temporaries.h"

namespace {

using Outputs = std::vector<std::string>;

// Joins the outputs, of which the first part of each comes from a temporary file.
std::string join(const mrf::chunk::ChunkCommand& command, const Outputs& outputs, std::size_t spilled = 0,
                 const Outputs& fronts = {}, const std::string& header = "") {
  const mrf::io::Fd to = mrf::io::open_scratch_file();
  const auto joiner = mrf::chunk::make_joiner(command, to);
  if (!header.empty()) joiner->put_header(header);
  for (std::size_t at = 0; at < outputs.size(); ++at) {
    joiner->begin(at, fronts.empty() ? std::string() : fronts[at]);
    const std::string_view output = outputs[at];
    const std::string_view front = output.substr(0, spilled);
    if (!front.empty()) {
      const mrf::io::Fd file = mrf::io::open_scratch_file();
      CHECK(::write(file.get(), front.data(), front.size()) == static_cast<ssize_t>(front.size()));
      joiner->take_file(file, front.size());
    }
    mrf::io::Pipe pipe = mrf::io::make_pipe();
    ::fcntl(pipe.read_end.get(), F_SETFL, O_NONBLOCK);
    std::string_view rest = output.substr(front.size());
    while (!rest.empty()) {
      const std::string_view part = rest.substr(0, rest.size() > 3 ? 3 : 1);
      CHECK(::write(pipe.write_end.get(), part.data(), part.size()) == static_cast<ssize_t>(part.size()));
      rest.remove_prefix(part.size());
      while (joiner->take(pipe.read_end)) {
      }
    }
    pipe.write_end.reset();
    while (joiner->take(pipe.read_end).value_or(1) > 0) {
    }
    joiner->end();
  }
  joiner->finish();
  std::string text(joiner->bytes(), '\0');
  CHECK(::pread(to.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
  char more = 0;
  CHECK(::pread(to.get(), &more, 1, static_cast<off_t>(text.size())) == 0);
  return text;
}

std::string bgzf(const std::string& content) {
  std::string block(mrf::codec::bgzf_max_block, '\0');
  block.resize(mrf::codec::BgzfDeflater(6).block(content, block));
  return block + std::string(mrf::codec::bgzf_eof);
}

mrf::chunk::ChunkCommand command(const char* record, const char* written = nullptr) {
  mrf::chunk::ChunkCommand one;
  one.words = {"filter"};
  one.form.record = mrf::record::parse_record_form(record);
  if (one.form.is_bam()) one.form.header = mrf::record::bam_header();
  if (written != nullptr)
    one.written = mrf::chunk::StreamForm{mrf::record::parse_record_form(written), false, {}};
  return one;
}

mrf::chunk::ChunkCommand sam() {
  mrf::chunk::ChunkCommand one = command("line");
  one.written = mrf::chunk::StreamForm{{mrf::record::RecordForm::Kind::sam}, true, mrf::record::sam_header()};
  return one;
}

}  // namespace

TEST_CASE("the last line of every output is ended") {
  using namespace std::string_literals;
  for (const std::size_t spilled : {0, 1, 2, 6, 7, 9}) {
    CAPTURE(spilled);
    CHECK(join(command("line"), {"a", "", "b\n", "long line\nc"}, spilled) == "a\nb\nlong line\nc\n");
    CHECK(join(command("fastq"), {"a", "0123456789"}, spilled) == "a\n0123456789\n");
    CHECK(join(command("nul"), {"a", "b\0"s, "c\n"}, spilled) == "a\0b\0c\n"s);
    CHECK(join(command("nul", "nul"), {"a", "c\n"}, spilled) == "a\0c\n\0"s);
    CHECK(join(command("fixed:1"), {"a", "bcdefghi"}, spilled) == "abcdefghi");
    CHECK(join(command("line", "fixed:1"), {"a", "bcdefghi"}, spilled) == "abcdefghi");
    CHECK(join(command("line"), {"\x1f\x8b gzip", "BAM\1 x"}, spilled) == "\x1f\x8b gzipBAM\1 x");
    CHECK_THROWS_AS(join(command("line", "line"), {"\x1f\x8b gzip"}, spilled), mrf::base::DataError);
    CHECK_THROWS_AS(join(command("line", "fastq"), {"\x1f\x8b gzip"}, spilled), mrf::base::DataError);
  }
}

TEST_CASE("an output with a header of its own is joined behind no other one") {
  using namespace std::string_literals;
  const std::string vcf = "##fileformat=VCFv4.2\n#CHROM\n1\t9\n";
  const Outputs files{"BCF\2\2\1"s, bgzf("BCF\2\2\1"s), "BAM\1"s, bgzf("BAM\1"s),
                      "CRAM\3\1"s,  bgzf(vcf),          vcf};
  for (const std::size_t spilled : {0, 5, 30}) {
    for (const char* record : {"line", "fixed:1", "nul", "fixed:5", "lines:3"}) {
      for (const std::string& file : files) {
        CAPTURE(file);
        CHECK_THROWS_WITH_AS(join(command("line", record), {"", file, "x\ny\nz", file}, spilled),
                             doctest::Contains("filter"), mrf::base::DataError);
        CHECK_THROWS_WITH_AS(join(command(record), {file, "", file}, spilled),
                             doctest::Contains("for chunk 2': it begins with a header of "),
                             mrf::base::DataError);
        // The records of the chunk may begin so themselves: files behind each other.
        CHECK(join(command(record), {file, file}, spilled, {"", file}) == file + file);
        CHECK(join(command(record), {"", file + "\n"}, spilled) == file + "\n");
        mrf::chunk::ChunkCommand any = command(record);
        any.repeats_headers = true;
        CHECK(join(any, {file, file}, spilled) == file + file);
      }
      CHECK_THROWS_WITH_AS(join(command(record), {vcf}, spilled, {}, vcf),
                           doctest::Contains("a header of VCF, as the input does: "), mrf::base::DataError);
    }
    // Compressed records have no header.
    for (const std::string& file : {bgzf("1\t9\n"), "\xfd\x37zXZ\0 x"s, "\x28\xb5\x2f\xfd x"s})
      CHECK(join(command("line", "fixed:1"), {file, file}, spilled) == file + file);
  }
}

TEST_CASE("outputs are checked to be whole records") {
  for (const std::size_t spilled : {0, 3, 20}) {
    CHECK(join(command("line", "fastq"), {"@a\nA\n+\nI\n", "", "@b\nA\n+\nI"}, spilled) ==
          "@a\nA\n+\nI\n@b\nA\n+\nI\n");
    CHECK_THROWS_AS(join(command("line", "fastq"), {"@a\nA\n+\n"}, spilled), mrf::base::DataError);
    CHECK_THROWS_AS(join(command("line", "fastq"), {"@a\nA\n+\nI\n", ">b\nA\n"}, spilled),
                    mrf::base::DataError);
    CHECK(join(command("line", "lines:2"), {"1\n2\n", "3\n4"}, spilled) == "1\n2\n3\n4\n");
    CHECK_THROWS_AS(join(command("line", "lines:2"), {"1\n2\n", "3\n4\n5"}, spilled), mrf::base::DataError);
    CHECK_THROWS_AS(join(command("line", "fixed:3"), {"123", "45"}, spilled), mrf::base::DataError);
  }
}

TEST_CASE("a BAM output whose header has a negative length is refused as such") {
  const std::string header("BAM\1\xff\xff\xff\xff", 8);
  CHECK_THROWS_WITH(join(command("bam"), {header + std::string(100, '\0')}),
                    doctest::Contains("negative length"));
}

TEST_CASE("one header of those that agree, and status 3 where they do not") {
  for (const std::size_t spilled : {0, 3, 20}) {
    CHECK(join(sam(), {"@HD\tVN:1\nr1\n", "@HD\tVN:1\nr2"}, spilled) == "@HD\tVN:1\nr1\nr2\n");
    CHECK(join(sam(), {"r1\n", "r2\n"}, spilled) == "r1\nr2\n");
    CHECK(join(sam(), {"@HD\tVN:1", "@HD\tVN:1\n"}, spilled) == "@HD\tVN:1\n");
    CHECK_THROWS_AS(join(sam(), {"@HD\tVN:1\nr1\n", "@HD\tVN:2\nr2\n"}, spilled), mrf::base::DataError);
    CHECK_THROWS_AS(join(sam(), {"@HD\tVN:1\nr1\n", ""}, spilled), mrf::base::DataError);
    CHECK_THROWS_AS(join(sam(), {"r1\n@r2\n"}, spilled), mrf::base::DataError);
  }
}
