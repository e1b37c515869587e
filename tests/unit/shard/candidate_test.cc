// SPDX-License-Identifier: MIT
#include "shard/candidate.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "codec/bgzf.h"
#include "unit/shard/bam_bytes.h"
#include "unit/shard/files.h"

namespace {

using namespace mrf::shard;
using namespace mrf::shard::test;
using mrf::record::RecordForm;
using Kind = RecordForm::Kind;
using State = Candidate::State;

constexpr std::size_t references = 2;

Candidate find_bam(std::string_view bytes, bool at_end = true) {
  return find_record(bytes, at_end, {Kind::bam}, references);
}

// Records that follow each other, of all shapes that files have.
std::vector<std::string> records_of_files() {
  std::vector<std::string> records;
  for (int round = 0; round < 60; ++round) {
    for (const RecordShape& shape : std::vector<RecordShape>{
             {},
             {.name = "*", .reference = -1, .position = -1, .has_cigar = false},
             {.name = "read with spaces/1", .reference = 1, .position = 2000},
             {.bases = 0, .has_cigar = false},
             {.bases = 3001},
             {.fields = std::string("NMC\1RGZgroup\0XAAx", 17)},
             {.fields = array_field(std::string(500, '\1'))},
         })
      records.push_back(bam_record(shape));
  }
  return records;
}

}  // namespace

TEST_CASE("the number of the references is that of the header") {
  CHECK(number_of_references(bam_header()) == references);
}

TEST_CASE(
    "from every byte of a BAM a true start is found, behind a row of records or near the end the next one") {
  const auto records = records_of_files();
  std::string bytes;
  std::vector<std::size_t> starts;
  for (const auto& record : records) {
    starts.push_back(bytes.size());
    bytes += record;
  }
  REQUIRE(bytes.size() > 2 * least_record_bytes);
  std::size_t next = 0;
  for (std::size_t from = 0; from < bytes.size(); from += from < 8000 ? 1 : 97) {
    while (next < starts.size() && starts[next] < from) ++next;
    const Candidate found = find_bam(std::string_view(bytes).substr(from));
    if (next == starts.size()) {
      CHECK(found.state == State::none);
      continue;
    }
    REQUIRE(found.state == State::found);
    const std::size_t at = from + found.offset;
    CHECK(std::binary_search(starts.begin(), starts.end(), at));
    CHECK((at == starts[next] || at >= starts[next] + least_record_bytes));
  }
}

TEST_CASE("a record is not taken for one that is not") {
  const std::string good = repeated(bam_record({}), 30);
  const auto broken = [&](std::size_t at, std::uint32_t number, std::size_t bytes) {
    std::string number_bytes;
    put(number_bytes, number, bytes);
    std::string first = bam_record({});
    const std::size_t size = first.size();
    first.replace(at, bytes, number_bytes);
    const Candidate found = find_bam(first + good);
    return found.state == State::found && found.offset == size;
  };
  CHECK(find_bam(good).offset == 0);
  CHECK(broken(0, 31, 4));   // length below the fixed fields
  CHECK(broken(0, 100, 4));  // length below name, CIGAR, bases and qualities
  CHECK(broken(4, 2, 4));    // no such reference
  CHECK(broken(4, 0xfffffffe, 4));
  CHECK(broken(8, 0xfffffffe, 4));
  CHECK_FALSE(broken(8, 100000, 4));  // behind the end of the reference: there are such files
  CHECK(broken(12, 0, 1));            // no name
  CHECK(broken(24, 7, 4));            // no such reference of the mate
  CHECK(broken(36, 7, 1));            // a control character in the name
  CHECK(broken(40, 'x', 1));          // no NUL behind the name
  CHECK(broken(41, 39U << 4, 4));     // 39 bases in the CIGAR
  CHECK(broken(41, 40U << 4 | 10, 4));
  CHECK(broken(0, 102, 4));  // a byte that is no optional field
}

TEST_CASE("20 false records in an array are no harm, also where true ones follow without a gap") {
  const std::string record = bam_record({});
  const std::string fake = repeated(record, 20);
  for (const std::string& behind : {std::string(), std::string("XAAx")}) {
    const std::string holder = bam_record({.fields = array_field(fake) + behind});
    const std::string bytes = holder + repeated(record, 3000);
    const Candidate found = find_bam(std::string_view(bytes).substr(150));
    REQUIRE(found.state == State::found);
    CHECK(found.offset + 150 > holder.size());
    CHECK((found.offset + 150 - holder.size()) % record.size() == 0);
  }
}

TEST_CASE("more bytes are asked for while they could change the answer") {
  const std::string record = bam_record({});
  const std::string all = repeated(record, 3000);
  for (const std::size_t size : {std::size_t{0}, std::size_t{35}, record.size(), least_record_bytes - 1}) {
    const Candidate asked = find_bam(std::string_view(all).substr(0, size), false);
    CHECK(asked.state == State::more);
    CHECK(asked.offset == 0);
  }
  const Candidate enough =
      find_bam(std::string_view(all).substr(0, least_record_bytes + 2 * record.size()), false);
  CHECK(enough.state == State::found);
  CHECK(enough.offset >= least_record_bytes);
  CHECK(enough.offset % record.size() == 0);
  CHECK(find_bam(record).state == State::found);
  CHECK(find_bam(std::string_view(record).substr(0, record.size() - 1)).state == State::none);
}

TEST_CASE("of long records two are enough") {
  const std::string record = bam_record({.bases = 2000000});
  const std::string two = repeated(record, 2);
  CHECK(two.size() >= least_long_record_bytes);
  CHECK(find_bam(two + record, false).offset == two.size());
  CHECK(find_bam(two, false).state == State::more);
  CHECK(find_bam(record, false).state == State::more);
}

TEST_CASE("records of text") {
  const auto check = [](const RecordForm& form, const std::string& bytes, bool at_end, State state,
                        std::size_t offset) {
    CAPTURE(bytes.substr(0, 40));
    const Candidate found = find_record(bytes, at_end, form, {});
    CHECK(found.state == state);
    CHECK(found.offset == offset);
  };
  const std::string fastq = repeated("@r\nACGT\n+\n@@@@\n", 10000);
  constexpr std::size_t fastq_row = (least_record_bytes + 14) / 15 * 15;
  check({Kind::line}, "ab\ncd\n", false, State::found, 3);
  check({Kind::line}, "ab\ncd", true, State::found, 3);
  check({Kind::line}, "\n\n", false, State::found, 1);
  check({Kind::line}, "ab\n", true, State::none, 2);
  check({Kind::line}, "ab\n", false, State::more, 2);
  check({Kind::line}, "ab", false, State::more, 2);
  check({Kind::sam}, "x\ty\nr\t0\n", false, State::found, 4);
  check({Kind::nul}, std::string("a\nb\0c", 5), false, State::found, 4);
  check({Kind::fasta, 1, ">"}, "A>C\nGG\n>x\nA\n", false, State::found, 7);
  check({Kind::fasta, 1, ">"}, ">A\nGG\n", true, State::none, 6);
  check({Kind::start, 1, "ID "}, "x\nIDx\nID 1\n", false, State::found, 6);
  check({Kind::start, 1, "ID "}, "x\nID", false, State::more, 1);
  check({Kind::start, 1, "ID "}, "x\nID", true, State::none, 4);
  check({Kind::fastq}, fastq, false, State::found, 15 + fastq_row);
  check({Kind::fastq}, fastq.substr(11), false, State::found, 4 + fastq_row);
  check({Kind::fastq}, fastq.substr(3), false, State::found, 12 + fastq_row);
  check({Kind::fastq}, fastq.substr(3, 12 + 15 * 100), true, State::found, 12);
  check({Kind::fastq}, "x\n@r\nAC\n+\nII", true, State::found, 2);
  check({Kind::fastq}, "x\n@r\nAC\n+\nI", true, State::none, 11);
  check({Kind::fastq}, "x\n@r\nAC\n+\nII\n", false, State::more, 1);
  check({Kind::fastq}, "x\n@@\n@r\n@A\n+\n@I", true, State::found, 5);
}

TEST_CASE("what cannot be seen from within is refused") {
  CHECK(can_be_cut({Kind::line}));
  CHECK(can_be_cut({Kind::lines, 1}));
  CHECK_FALSE(can_be_cut({Kind::lines, 2}));
  CHECK_FALSE(can_be_cut({Kind::fixed, 7}));
  CHECK_THROWS_AS(find_record("abc", true, {Kind::fixed, 7}, {}), std::invalid_argument);
}

TEST_CASE("blocks: level 0, empty ones, one that lies in another") {
  const std::string fake = block("a block within a block");
  const std::string outer = block(repeated(fake, 40), 0);
  const std::string others = repeated(block(std::string(60000, 'x'), 0), 3) + repeated(block(""), 3);
  const std::string file = outer + others + std::string(mrf::codec::bgzf_eof);
  CHECK(find_block(file, true).offset == 0);
  const Candidate found = find_block(std::string_view(file).substr(1), true);
  REQUIRE(found.state == State::found);
  CHECK(found.offset + 1 == outer.size());
  CHECK(find_block(std::string_view(file).substr(file.size() - 27), true).state == State::none);
  CHECK(find_block(mrf::codec::bgzf_eof, true).state == State::found);
  CHECK(find_block(mrf::codec::bgzf_eof, false).state == State::more);
}
