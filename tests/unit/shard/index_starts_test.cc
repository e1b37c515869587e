// SPDX-License-Identifier: MIT
#include "shard/index_starts.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "unit/directory.h"
#include "unit/shard/bam_bytes.h"
#include "unit/shard/cuts.h"
#include "unit/shard/files.h"

namespace {

using namespace mrf;
using namespace mrf::shard;
using namespace mrf::shard::test;
using Starts = std::vector<Position>;

void put_offset(std::string& to, std::uint64_t offset) {
  put(to, static_cast<std::uint32_t>(offset), 4);
  put(to, static_cast<std::uint32_t>(offset >> 32), 4);
}

// A BAI of two references, the first with these windows, the second with a bin of counts.
std::string bai_of(const Starts& windows) {
  std::string bai("BAI\1", 4);
  for (const std::uint32_t number : {2U, 1U, 4681U, 1U}) put(bai, number, 4);
  put_offset(bai, windows.empty() ? 0 : windows.front());
  put_offset(bai, windows.empty() ? 0 : windows.back());
  put(bai, static_cast<std::uint32_t>(windows.size()), 4);
  for (const Position start : windows) put_offset(bai, start);
  for (const std::uint32_t number : {1U, 37450U, 2U}) put(bai, number, 4);
  for (const std::uint64_t count : {77U, 78U, 4U, 0U}) put_offset(bai, count);
  put(bai, 0, 4);
  return bai;
}

// A CSI of one reference with bins of 2^14 bases, `depth` deep.
std::string csi_of(std::uint32_t depth, std::uint32_t bin, Position first, Position begin) {
  std::string csi("CSI\1", 4);
  for (const std::uint32_t number : {14U, depth, 3U}) put(csi, number, 4);
  csi += "aux";
  for (const std::uint32_t number : {1U, 1U, bin}) put(csi, number, 4);
  put_offset(csi, first);
  put(csi, 1, 4);
  put_offset(csi, begin);
  put_offset(csi, begin + 1);
  return csi;
}

InputForm indexed_bam_form() {
  InputForm form;
  form.record.kind = record::RecordForm::Kind::bam;
  form.header = record::bam_header();
  return form;
}

// Records of which each fifth holds an array of whole records, which seem to be true ones.
std::string records_with_false_ones() {
  std::string content = bam_header();
  for (std::size_t at = 0; at < 400; ++at) {
    RecordShape shape;
    if (at % 5 == 0) shape.fields = array_field(repeated(bam_record({}), 1500));
    content += bam_record(shape);
  }
  return content;
}

}  // namespace

TEST_CASE("the starts of a BAI are those of chunks and windows, without the counts") {
  CHECK(starts_in_index(bai_of({0, 30, 30, 20, 10}), 2) == Starts{10, 20, 30});
  CHECK(starts_in_index(bai_of({}), 2).empty());
}

TEST_CASE("the starts of a CSI are those of chunks and bins, whatever its depth") {
  CHECK(starts_in_index(csi_of(6, 5, 40, 50), 1) == Starts{40, 50});
  CHECK(starts_in_index(csi_of(6, 299594, 40, 50), 1).empty());
  CHECK(starts_in_index(csi_of(6, 37450, 0, 50), 1) == Starts{50});
}

TEST_CASE("what is no index of this BAM has no starts") {
  const std::string bai = bai_of({10});
  CHECK(starts_in_index(bai, 3).empty());
  CHECK(starts_in_index("", 0).empty());
  CHECK(starts_in_index("TBI\1", 0).empty());
  for (std::size_t size = 0; size < bai.size(); ++size)
    CHECK(starts_in_index(std::string_view(bai).substr(0, size), 2).empty());
  CHECK(starts_in_index(csi_of(10, 5, 40, 50), 1).empty());
}

TEST_CASE(
    "with an index cuts are true where false records are, and an index of another file changes nothing") {
  const ::Directory directory;
  const std::string path = directory / "in.bam";
  write_file(path, bgzf(records_with_false_ones(), 3000, 1));
  Starts starts;
  std::vector<std::uint64_t> targets;
  std::vector<std::optional<Position>> searched;
  {
    KnownFile file(path, indexed_bam_form());
    starts = file.starts();
    const std::uint64_t size = file.input().state().size;
    const CutFinder finder(file.input());
    CutCounts counts;
    for (std::uint64_t at = block_offset(file.input().first()) + 1; at < size; at += size / 300) {
      targets.push_back(at);
      searched.push_back(finder.behind(at, size));
      file.search(at, counts);
    }
    CHECK(counts.wrong > 0);
    CHECK(counts.passed == 0);
    CHECK(file.run(40) == KnownFile::Outcome::refused);
  }

  write_file(path + ".bai", bai_of(starts));
  {
    KnownFile file(path, indexed_bam_form());
    CHECK(file.run(40) == KnownFile::Outcome::whole);
    const CutFinder finder(file.input());
    for (const std::uint64_t target : targets) {
      const auto next = std::lower_bound(starts.begin(), starts.end(), block_position(target));
      if (next != starts.end()) CHECK(finder.behind(target, file.input().state().size) == *next);
    }
  }

  // Of a file with another first record, of one that was stored in another way, and no index at all.
  Starts shifted;
  Starts moved;
  for (const Position start : starts) {
    shifted.push_back(start + 7);
    moved.push_back(start + block_position(100));
  }
  for (const std::string& index : {bai_of(shifted), bai_of(moved), std::string("BAI\1 and no more")}) {
    write_file(path + ".bai", index);
    KnownFile file(path, indexed_bam_form());
    const CutFinder finder(file.input());
    for (std::size_t at = 0; at < targets.size(); ++at)
      CHECK(finder.behind(targets[at], file.input().state().size) == searched[at]);
    CHECK(file.run(40) == KnownFile::Outcome::refused);
  }
}

TEST_CASE("a start that an index gives as the end of a block is where the next one begins") {
  const ::Directory directory;
  const std::string path = directory / "in.bam";
  const std::string header = block(bam_header());
  const std::string first = block(repeated(bam_record({}), 100));
  const std::string second = block(repeated(bam_record({}), 400));
  write_file(path, header + first + block("") + second + std::string(codec::bgzf_eof));
  const Position end = block_position(header.size()) + 100 * bam_record({}).size();
  const Position next = block_position(header.size() + first.size() + block("").size());
  write_file(path + ".bai", bai_of({end}));
  io::Meter meter;
  const Input input(path, indexed_bam_form(), meter);
  CHECK(CutFinder(input).behind(header.size(), 1 << 20) == next);
}
