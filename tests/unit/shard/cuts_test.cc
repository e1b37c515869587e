// SPDX-License-Identifier: MIT
// A sample of tests/soak/cuts: what is searched at every byte of small files and anywhere in larger ones, in
// each layout of BGZF.
#include "unit/shard/cuts.h"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "unit/directory.h"
#include "unit/shard/bam_bytes.h"

namespace {

using namespace mrf;
using namespace mrf::shard;
using namespace mrf::shard::test;
using CutKind = record::RecordForm::Kind;

struct Known {
  std::string content;
  std::vector<std::uint64_t> starts;

  void add(const std::string& record) {
    starts.push_back(content.size());
    content += record;
  }
};

// Odd names, no bases, no CIGAR, arrays, some of false records.
Known bam_of(std::size_t records, std::uint32_t most_bases, std::uint64_t seed,
             const std::string& behind_false_ones = "XAAx") {
  std::mt19937_64 random(seed);
  Known known;
  known.content = bam_header();
  const std::vector<std::string> names{"*", "read/1", "with blanks in it", "=", "-", std::string(254, '~'),
                                       "@x"};
  for (std::size_t at = 0; at < records; ++at) {
    RecordShape shape;
    shape.name = random() % 4 == 0 ? names[random() % names.size()] : "read" + std::to_string(at);
    shape.reference = static_cast<std::int32_t>(random() % 3) - 1;
    shape.position = static_cast<std::int32_t>(random() % 1001) - 1;
    shape.bases = static_cast<std::uint32_t>(random() % 5 == 0 ? 0 : random() % most_bases);
    shape.has_cigar = shape.bases > 0 && random() % 3 != 0;
    if (random() % 4 == 0) shape.fields = array_field(std::string(random() % 300, '\0')) + "XAAx";
    if (random() % 16 == 0)
      shape.fields = array_field(repeated(bam_record({}), 1 + random() % 30)) + behind_false_ones;
    known.add(bam_record(shape));
  }
  return known;
}

enum class False { none, refused };

// Whether what begins nowhere is never taken, or may be and is refused.
void check_cuts(const Known& known, const InputForm& form, Layout layout, std::uint64_t cuts,
                False false_cuts = False::none) {
  const ::Directory directory;
  write_file(directory / "in", laid_out(known.content, known.starts, layout));
  KnownFile file(directory / "in", form);
  REQUIRE(file.content() == known.content);
  REQUIRE(file.offsets() == known.starts);
  CutCounts counts;
  std::mt19937_64 random(1);
  const Position first = layout == Layout::plain ? file.input().first() : block_offset(file.input().first());
  const std::uint64_t size = file.input().state().size - first;
  for (std::uint64_t at = 0; at < std::min(cuts, size); ++at)
    file.search(first + (size <= cuts ? at : random() % size), counts);
  for (int at = 0; at < 20; ++at) file.plant_some(random, counts);
  CHECK(counts.passed == 0);
  CHECK((counts.wrong == 0 || false_cuts == False::refused));
  CHECK(counts.planted > 50);
  CHECK(file.run(1) == KnownFile::Outcome::whole);
  const auto outcome = file.run(16);
  CHECK((outcome == KnownFile::Outcome::whole ||
         (outcome == KnownFile::Outcome::refused && false_cuts == False::refused)));
}

}  // namespace

TEST_CASE("cuts of BAM: at every byte of a small file and anywhere in larger ones, in each layout") {
  InputForm form;
  form.record.kind = CutKind::bam;
  form.header = record::bam_header();
  for (const auto& named : layout_names) {
    const Layout layout = named.first;
    CAPTURE(std::string(named.second));
    check_cuts(bam_of(16, 60, 1), form, layout, 6000);
    check_cuts(bam_of(3000, 300, 2), form, layout, 50);
    check_cuts(bam_of(60, 60000, 3), form, layout, 20);
    check_cuts(bam_of(16, 60, 4, ""), form, layout, 6000, False::refused);
  }
}

TEST_CASE("cuts of FASTQ: at every byte of a small file and anywhere in a larger one, in each layout") {
  std::mt19937_64 random(1);
  const auto fastq_of = [&](std::size_t records) {
    Known known;
    for (std::size_t at = 0; at < records; ++at) {
      const std::size_t bases = 1 + random() % 80;
      std::string qualities;
      while (qualities.size() < bases) qualities += "@+I>"[random() % 4];
      known.add("@r" + std::to_string(at) + "\n" + std::string(bases, 'A') + "\n+\n" + qualities + "\n");
    }
    return known;
  };
  InputForm fastq;
  fastq.record.kind = CutKind::fastq;
  for (const auto& named : layout_names) {
    const Layout layout = named.first;
    CAPTURE(std::string(named.second));
    check_cuts(fastq_of(20), fastq, layout, 6000);
    check_cuts(fastq_of(4000), fastq, layout, 50);
  }
}
