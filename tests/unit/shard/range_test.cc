// SPDX-License-Identifier: MIT
// Cuts of files as a whole: what is planned is proved, and what the shards have is the file.
#include "shard/range.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "shard/planner.h"
#include "shard/proof.h"
#include "unit/directory.h"
#include "unit/shard/bam_bytes.h"
#include "unit/shard/files.h"

namespace {

using namespace mrf;
using namespace mrf::shard;
using namespace mrf::shard::test;
using Kind = record::RecordForm::Kind;

InputForm form_of(const record::RecordForm& record, const record::HeaderForm& header = {}) {
  InputForm form;
  form.record = record;
  form.header = header;
  return form;
}

InputForm bam_form() { return form_of({Kind::bam}, record::bam_header()); }

class File {
 public:
  File(const std::string& bytes, const InputForm& form) : form_(form) { write_file(path_, bytes); }

  Input open() { return Input(path_, form_, meter_); }
  Plan plan(std::uint64_t shards) {
    const Input input = open();
    return {"/", {}, shards, input.state(), find_cuts(input, shards)};
  }
  // The records of one shard, and what the proof says of it.
  std::pair<std::string, std::string> shard(const Plan& plan, std::size_t number) {
    const Input input = open();
    io::Stats stats;
    const MemoryFile out;
    const Landing landing = copy_records(plan, number, input, false, out.fd(), "memory", stats);
    records += landing.records_in;
    return {out.content(), fault_of_landing(plan, number, landing)};
  }
  // Those of all.
  std::string all(const Plan& plan) {
    std::string text;
    records = 0;
    for (std::size_t number = 0; number < plan.shards(); ++number) {
      const auto [part, fault] = shard(plan, number);
      CHECK(fault.empty());
      text += part;
    }
    return text;
  }
  // Whether a shard that ends with the planted cut is refused.
  bool refuses(const Plan& plan, std::size_t number) {
    try {
      return !shard(plan, number).second.empty();
    } catch (const base::DataError&) {
      return true;
    }
  }

  // The same where `change` comes when the shard has opened its input.
  template <typename Change>
  bool refuses_after(const Plan& plan, std::size_t number, const Change& change) {
    const Input input = open();
    change();
    io::Stats stats;
    const MemoryFile out;
    try {
      const Landing landing = copy_records(plan, number, input, false, out.fd(), "memory", stats);
      return !fault_of_landing(plan, number, landing).empty();
    } catch (const base::DataError&) {
      return true;
    }
  }
  const std::string& path() const { return path_; }

  std::uint64_t records = 0;

 private:
  ::Directory directory_;
  std::string path_ = directory_ / "in";
  InputForm form_;
  io::Meter meter_;
};

std::vector<std::string> some_records() {
  std::vector<std::string> records;
  for (std::size_t at = 0; at < 40; ++at) {
    RecordShape shape;
    shape.name = at % 9 == 0 ? "*" : "read" + std::to_string(at);
    shape.bases = static_cast<std::uint32_t>(at % 5 == 0 ? 0 : 10 + at);
    shape.has_cigar = at % 3 != 0 && shape.bases > 0;
    if (at % 4 == 0) shape.fields = array_field(repeated(bam_record({}), 3)) + "XAAx";
    records.push_back(bam_record(shape));
  }
  return records;
}

std::string joined(const std::vector<std::string>& pieces) {
  std::string all;
  for (const auto& piece : pieces) all += piece;
  return all;
}

// Every count up to 64; under the sanitizers (MRF_SANITIZED) every seventh.
const std::uint64_t step_of_shards = std::getenv("MRF_SANITIZED") != nullptr ? 7 : 1;

void check_all_cuts(File& file, const std::string& records, std::uint64_t count) {
  const Input input = file.open();
  for (std::uint64_t shards = 1; shards <= 64; shards += step_of_shards) {
    CHECK(file.all(file.plan(shards)) == records);
    CHECK(file.records == count);
  }
  const Plan plan = file.plan(input.state().size);  // a target at every byte
  CHECK(file.all(plan) == records);
  CHECK(file.records == count);
}

}  // namespace

TEST_CASE("BAM: wherever it is cut, the shards have all records once, in blocks of any size") {
  const auto records = some_records();
  const std::string all = joined(records);
  for (const std::size_t size : {std::size_t{1} << 15, std::size_t{500}, std::size_t{90}, std::size_t{7}}) {
    for (const int level : {0, 6}) {
      File file(bgzf(bam_header() + all, size, level), bam_form());
      check_all_cuts(file, all, records.size());
    }
  }
  std::vector<std::string> pieces{bam_header()};
  pieces.insert(pieces.end(), records.begin(), records.end());
  File one_each(bgzf_of(pieces), bam_form());
  check_all_cuts(one_each, all, records.size());
  CHECK(one_each.plan(1000000).shards() > 20);
  File plain(bam_header() + all, bam_form());
  check_all_cuts(plain, all, records.size());
}

TEST_CASE("BAM: a record longer than shards makes them fewer") {
  const std::string small = repeated(bam_record({}), 20);
  std::string noise;
  for (std::uint32_t at = 0, state = 1; at < 5000000; ++at) {
    state = state * 1664525 + 1013904223;
    noise += static_cast<char>(state >> 24);
  }
  const std::string all = small + bam_record({.fields = array_field(noise)}) + small;
  File file(bgzf(bam_header() + all, 65280), bam_form());
  const Plan plan = file.plan(16);
  CHECK(plan.shards() <= 3);
  CHECK(file.all(plan) == all);
}

TEST_CASE("BAM: without records, and with fewer than shards") {
  File empty(bgzf(bam_header(), 1000), bam_form());
  const Plan plan = empty.plan(8);
  CHECK(plan.shards() == 1);
  CHECK(empty.all(plan).empty());
  File one(bgzf(bam_header() + bam_record({}), 1000), bam_form());
  CHECK(one.all(one.plan(8)) == bam_record({}));
}

TEST_CASE("BAM: a false cut is refused by the shard in front of it, wherever it lies") {
  const auto records = some_records();
  for (const std::size_t size : {std::size_t{1} << 15, std::size_t{90}}) {
    File file(bgzf(bam_header() + joined(records), size), bam_form());
    const Plan exact = file.plan(1);
    const Plan every = file.plan(1000000);
    std::vector<Position> starts = every.cuts;
    for (Position cut = exact.cuts[0] + 1; cut < exact.cuts[0] + 2000; ++cut) {
      Plan planted = exact;
      planted.cuts = {exact.cuts[0], cut, exact.cuts[1]};
      if (file.refuses(planted, 0)) continue;
      const auto [front, fault] = file.shard(planted, 0);
      CHECK(front + file.shard(planted, 1).first == joined(records));
    }
    for (const Position cut : starts) {
      for (const Position wrong : {cut - 1, cut + 1}) {
        if (wrong <= exact.cuts[0] || wrong >= exact.cuts[1]) continue;
        Plan planted = exact;
        planted.cuts = {exact.cuts[0], wrong, exact.cuts[1]};
        CHECK(file.refuses(planted, 0));
      }
    }
  }
}

TEST_CASE("BAM: a plan that does not begin with the first record, or begins in the header, is refused") {
  const auto records = some_records();
  for (const std::size_t size : {std::size_t{1} << 15, std::size_t{90}}) {
    File file(bgzf(bam_header() + joined(records), size), bam_form());
    const Plan every = file.plan(1000000);
    REQUIRE(every.shards() > (size == 90 ? 10 : 0));
    std::vector<Position> wrong{0, 1, every.cuts[0] - 1, every.cuts[0] + 1};
    if (every.shards() > 1) wrong.push_back(every.cuts[1]);
    for (const Position first : wrong) {
      Plan planted = every;
      planted.cuts = {first, every.cuts.back()};
      CHECK(file.refuses(planted, 0));
    }
  }
}

TEST_CASE("BAM: a plan that ends in front of the input's end is refused") {
  File file(bgzf(bam_header() + joined(some_records()), 90), bam_form());
  const Plan every = file.plan(1000000);
  for (std::size_t at = 1; at + 1 < every.cuts.size(); ++at) {
    Plan planted = every;
    planted.cuts.resize(at + 1);
    CHECK(file.refuses(planted, at - 1));
  }
}

TEST_CASE("BAM: blocks of 65,536 bytes, rows of empty ones, several end-of-file blocks, a large header") {
  const auto records = some_records();
  std::string many;
  std::uint64_t count = 0;
  while (many.size() < 400000) {
    many += joined(records);
    count += records.size();
  }
  const std::string empty = repeated(block(""), 1000);
  const std::string end(codec::bgzf_eof);
  const std::string header = bam_header();
  const auto check = [&](const std::string& bytes) {
    File file(bytes, bam_form());
    for (const std::uint64_t shards : {1, 2, 3, 7, 64, 1000}) {
      CHECK(file.all(file.plan(shards)) == many);
      CHECK(file.records == count);
    }
  };
  check(bgzf(header + many, codec::bgzf_max_block));
  check(empty + bgzf(header, 100) + empty + bgzf(many, 1000) + empty + bgzf(many.substr(0, 0), 10) + end +
        end);
  check(bgzf(header, 3) + end + bgzf(many, 40000));
  std::string large("BAM\1", 4);
  const std::string text = "@CO\t" + std::string(300000, 'x') + "\n";
  put(large, static_cast<std::uint32_t>(text.size()), 4);
  large += text + header.substr(header.size() - 26);
  check(bgzf(large + many, 65280));
}

TEST_CASE("BAM: an input that ends within a record is refused, wherever it ends") {
  const auto records = some_records();
  const std::string all = joined(records);
  std::vector<std::size_t> ends{0};
  for (const auto& record : records) ends.push_back(ends.back() + record.size());
  for (std::size_t size = all.size() - 600; size < all.size(); ++size) {
    if (std::find(ends.begin(), ends.end(), size) != ends.end()) continue;
    File file(bgzf(bam_header() + all.substr(0, size), 500), bam_form());
    for (const std::uint64_t shards : {1, 6}) {
      const Plan plan = file.plan(shards);
      bool is_refused = false;
      for (std::size_t shard = 0; shard < plan.shards(); ++shard) is_refused |= file.refuses(plan, shard);
      CHECK(is_refused);
    }
  }
}

TEST_CASE("BAM: false blocks of false records in blocks that are not compressed never make a wrong result") {
  const std::string inner = repeated(block(repeated(bam_record({}), 500)), 600);
  std::string all = repeated(bam_record({}), 20);
  for (std::size_t at = 0; at < 4; ++at)
    all += bam_record({.fields = array_field(inner)}) + repeated(bam_record({}), 5);
  for (const std::size_t size : {std::size_t{20000}, std::size_t{65280}}) {
    File file(bgzf(bam_header() + all, size, 0), bam_form());
    for (std::uint64_t shards = 2; shards <= 40; ++shards) {
      const Plan plan = file.plan(shards);
      std::string got;
      bool is_refused = false;
      for (std::size_t shard = 0; shard < plan.shards() && !is_refused; ++shard) {
        is_refused = file.refuses(plan, shard);
        if (!is_refused) got += file.shard(plan, shard).first;
      }
      CHECK((is_refused || got == all));
    }
  }
}

TEST_CASE("an input that changes while it is read is refused") {
  const std::string text = repeated("a line\n", 1000);
  File file(text, form_of({Kind::line}));
  const Plan plan = file.plan(2);
  for (const std::string& now : {text + "x", text.substr(0, text.size() - 1), std::string()})
    CHECK(file.refuses_after(plan, 0, [&] { write_over(file.path(), now); }));
}

TEST_CASE("an input that is written over in place while it is read, with as many bytes, is refused") {
  const std::string text = repeated("a line\n", 1000);
  File file(text, form_of({Kind::line}));
  const Plan plan = file.plan(2);
  const auto later = std::filesystem::last_write_time(file.path()) + std::chrono::seconds(1);
  CHECK(file.refuses_after(plan, 0, [&] {
    write_over(file.path(), repeated("b line\n", 1000));
    std::filesystem::last_write_time(file.path(), later);
  }));
}

TEST_CASE("BAM: false records that pass every test cannot pass the proof") {
  const std::string fake = repeated(bam_record({}), 3000);
  const std::string all = bam_record({.fields = array_field(fake)}) + repeated(bam_record({}), 10);
  File file(bgzf(bam_header() + all, 10000), bam_form());
  const Plan plan = file.plan(3);
  bool is_refused = false;
  for (std::size_t shard = 0; shard < plan.shards(); ++shard) is_refused |= file.refuses(plan, shard);
  CHECK(is_refused);
}

TEST_CASE("text: lines, FASTQ, FASTA and SAM, plain and in BGZF") {
  std::string lines = "head\n";
  std::string fastq;
  std::string fasta;
  std::string sam = "@HD\tVN:1.6\n";
  for (std::size_t at = 0; at < 60; ++at) {
    const std::string letters(at % 11 + 1, 'A');
    lines += letters + "\n";
    fastq += "@" + letters + "\n" + letters + "\n+\n" + std::string(letters.size(), '@') + "\n";
    fasta += ">" + letters + "\n" + letters + "\n" + letters + "\n";
    sam += letters + "\t4\t*\t0\t0\t*\t*\t0\t0\t*\t*\n";
  }
  const auto check = [](const std::string& text, const InputForm& form) {
    const std::size_t header = form.header.is_named() ? text.find('\n') + 1 : 0;
    for (const std::string& file_bytes : {text, bgzf(text, 100), bgzf(text, 9)}) {
      File file(file_bytes, form);
      check_all_cuts(file, text.substr(header), 60);
    }
    File unended(text.substr(0, text.size() - 1), form);
    check_all_cuts(unended, text.substr(header), 60);
  };
  check(lines, form_of({Kind::line}, {"", 1}));
  check(fastq, form_of({Kind::fastq}));
  check(fasta, form_of({Kind::fasta, 1, ">"}));
  check(sam, form_of({Kind::sam}, record::sam_header()));
}

TEST_CASE("what was read under the name of an input is its file, in the state that it has") {
  File file("a\nb\n", form_of({Kind::line}));
  const Input input = file.open();
  const FileState state = input.file_state();
  input.refuse_other(state);
  FileState other = state;
  ++other.inode;
  CHECK_THROWS_AS(input.refuse_other(other), base::DataError);
  write_file(file.path(), "c\nd\n");
  const Input replaced = file.open();
  CHECK_THROWS_AS(input.refuse_other(replaced.file_state()), base::DataError);
}

TEST_CASE("the report of a range is read, and nothing else") {
  const std::string text =
      R"({"begin":65537,"end":131072,"records":3,"size":4,"mtime":"5.000000006","device":7,"inode":8})";
  const RangeReport report = parse_range_report(text, "r");
  CHECK(report.begin == 65537);
  CHECK(report.end == 131072);
  CHECK(report.records == 3);
  CHECK(report.file == FileState{4, "5.000000006", 7, 8});
  const std::string without =
      R"({"begin":1,"end":null,"records":0,"size":4,"mtime":"5","device":7,"inode":8})";
  CHECK_FALSE(parse_range_report(without, "r").end);
  for (const char* other : {"", "{}", R"({"begin":1})", "[]"})
    CHECK_THROWS_AS(parse_range_report(other, "r"), base::DataError);
}

TEST_CASE("text: a cut within a line is refused") {
  const std::string text = "ab\ncde\nf\n";
  File file(text, form_of({Kind::line}));
  for (Position cut = 1; cut < text.size(); ++cut) {
    Plan plan = file.plan(1);
    plan.cuts = {0, cut, text.size()};
    CHECK(file.refuses(plan, 0) == (text[cut - 1] != '\n'));
  }
}

TEST_CASE("what cannot be cut is refused, with the reason") {
  const auto message_of = [](const std::string& bytes, const InputForm& form) -> std::string {
    File file(bytes, form);
    try {
      (void)file.plan(2);
      return "";
    } catch (const base::Error& error) {
      const std::string text = error.what();
      return std::to_string(static_cast<int>(error.status())) + " " + text.substr(text.rfind("': ") + 3);
    }
  };
  const InputForm line = form_of({Kind::line});
  CHECK(message_of(std::string("\x1f\x8b\x08\0\0\0\0\0\0\3", 10), line) ==
        "2 it is gzip and not BGZF, and can be read from its start only: gzip -dc | bgzip makes BGZF of it");
  CHECK(message_of(block("a\n"), line) ==
        "3 it is truncated: it does not end with the end-of-file block of BGZF");
  CHECK(message_of("a\n", form_of({Kind::lines, 4})).starts_with("2 where records of lines:K"));
  CHECK(message_of("@r\nAC\nGT\n+\nIIII\n", form_of({Kind::fastq})).starts_with("3 "));
  CHECK(message_of(bgzf(bam_header().substr(0, 20), 100), bam_form()).starts_with("3 "));
  CHECK(message_of("", line).empty());
}
