// SPDX-License-Identifier: MIT
#include "trial/difference.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "trial/result.h"

namespace {

using namespace mrf::trial;
using Lines = std::vector<std::string>;
using Filter = std::function<Lines(const Lines&)>;

Result result(const std::string& text, const mrf::record::HeaderForm& header = {}) {
  return Result(text, {}, header);
}

std::string joined(const Lines& lines) {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  return text;
}

constexpr std::size_t chunk = 25;

// Names that come again, a reference of few, a number.
Lines input() {
  Lines lines;
  for (int at = 0; at < 200; ++at)
    lines.push_back("r" + std::to_string(at * at % 71) + "\tchr" + std::to_string(at % 3) + "\t" +
                    std::to_string(at));
  return lines;
}

std::string first_field(const std::string& line) { return line.substr(0, line.find('\t')); }

struct Runs {
  Result alone;
  Result copies;
  Lines first_records;
  Parts parts;
};

Runs run(const Filter& filter) {
  const Lines all = input();
  std::string copies;
  std::uint64_t starts = 0;
  for (std::size_t at = 0; at < all.size(); at += chunk, ++starts) {
    const auto from = all.begin() + static_cast<std::ptrdiff_t>(at);
    copies += joined(filter(Lines(from, from + chunk)));
  }
  Runs runs{result(joined(filter(all))), result(copies), {}, {starts, {}, all.size(), false, false}};
  for (std::size_t at = chunk; at < all.size(); at += chunk) runs.first_records.push_back(all[at] + "\n");
  runs.parts.first_records.assign(runs.first_records.begin(), runs.first_records.end());
  return runs;
}

Lines filtered(const Lines& lines, const std::function<bool(std::size_t, const std::string&)>& keep) {
  Lines kept;
  for (std::size_t at = 0; at < lines.size(); ++at) {
    if (keep(at, lines[at])) kept.push_back(lines[at]);
  }
  return kept;
}

Lines numbered(const Lines& lines) {
  Lines out;
  for (const auto& line : lines) out.push_back(line + "\tn" + std::to_string(out.size() + 1));
  return out;
}

Lines without_repetition(const Lines& lines, bool whole) {
  std::set<std::string> seen;
  Lines out;
  for (const auto& line : lines) {
    if (!seen.insert(first_field(line)).second) continue;
    out.push_back(whole ? first_field(line) : line);
  }
  return out;
}

Lines sums(const Lines& lines) {
  std::map<std::string, int> counts;
  for (const auto& line : lines) ++counts[first_field(line)];
  Lines out;
  for (const auto& [name, count] : counts) out.push_back(name + "\t" + std::to_string(count));
  return out;
}

Lines sorted(Lines lines) {
  std::sort(lines.begin(), lines.end());
  return lines;
}

Lines with_title(Lines lines) {
  lines.insert(lines.begin(), "name\treference\tnumber");
  return lines;
}

Lines with_end(Lines lines) {
  lines.emplace_back("end");
  return lines;
}

Lines first_marked(Lines lines) {
  lines[0] = "first: " + first_field(lines[0]);
  return lines;
}

Lines of_all_before(const Lines& lines) {
  std::size_t state = 0;
  Lines out;
  for (const auto& line : lines) {
    out.push_back(first_field(line) + "\t" + static_cast<char>('a' + state % 26));
    state += line.size() + static_cast<unsigned char>(line[1]);
  }
  return out;
}

}  // namespace

TEST_CASE("what a filter remembers shows in what copies of it write") {
  struct Case {
    std::string name;
    Filter filter;
    Memory memory;
    std::string sentence;
    std::string advice;
  };
  const std::vector<Case> cases = {
      {"counter", numbered, Memory::counter, "column 4", "count"},
      {"dedup by column", [](const Lines& l) { return without_repetition(l, false); }, Memory::deduplication,
       "column 1", "--key column:1"},
      {"dedup of whole records", [](const Lines& l) { return without_repetition(l, true); },
       Memory::deduplication, "equal earlier ones", "--key"},
      {"count", [](const Lines& l) { return Lines{std::to_string(l.size())}; }, Memory::whole_input,
       "one record for each part", "--combine"},
      {"first records", [](const Lines& l) { return Lines(l.begin(), l.begin() + 4); }, Memory::whole_input,
       "4 records for each part", "--combine"},
      {"sums", sums, Memory::whole_input, "each value of column 1", "--combine"},
      {"sort", sorted, Memory::whole_input, "another order", "--combine"},
      {"a title", with_title, Memory::header, "writes its first record again", "header"},
      {"the first line left out",
       [](const Lines& l) { return filtered(l, [](std::size_t at, const std::string&) { return at > 0; }); },
       Memory::header, "treats the first record of its input apart", "--header-lines"},
      {"the first line marked", first_marked, Memory::header,
       "treats the first record of its input apart, as a header, or compares a record with the one before",
       "for a header, --header-lines 1"},
      {"the first line kept whatever it is",
       [](const Lines& l) {
         return filtered(
             l, [](std::size_t at, const std::string& line) { return at == 0 || line.back() > '5'; });
       },
       Memory::header, "treats the first record of its input apart", "--header-lines 1 --header-broadcast"},
      {"the first line left out, and others",
       [](const Lines& l) {
         return filtered(l,
                         [](std::size_t at, const std::string& line) { return at > 0 && line.back() < '3'; });
       },
       Memory::header, "treats the first record of its input apart", "--header-lines 1 --header-broadcast"},
      {"a record at the end", with_end, Memory::whole_input, "each copy writes one record more",
       "standard input"},
      {"a file of its own", [](const Lines&) { return input(); }, Memory::whole_input,
       "each copy writes 200 records more", "standard input"},
      {"neighbours", of_all_before, Memory::other, "depends on other records", "--key"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.name);
    const Runs runs = run(one.filter);
    const auto difference = find_difference(runs.alone, runs.copies, Order::kept);
    REQUIRE(difference);
    CHECK(difference->record > 0);
    const Diagnosis found = diagnose(runs.alone, runs.copies, runs.parts, Order::kept);
    CHECK_MESSAGE(found.memory == one.memory, found.sentence);
    CHECK_MESSAGE(found.sentence.find(one.sentence) != std::string::npos, found.sentence);
    CHECK_MESSAGE(found.advice.find(one.advice) != std::string::npos, found.advice);
    Parts numbered_parts = runs.parts;
    numbered_parts.is_numbered = true;
    CHECK(diagnose(runs.alone, runs.copies, numbered_parts, Order::kept)
              .advice.starts_with("--order chunk adds no number"));
    // Where the input and the output do not take the options, no hint speaks of them.
    Parts none = runs.parts;
    none.rules = {false, false, [](const std::string&) { return false; }};
    const std::string advice = diagnose(runs.alone, runs.copies, none, Order::kept).advice;
    CHECK_MESSAGE(advice.find("--") == std::string::npos, advice);
    none.rules.key = [](const std::string& key) { return key == "name"; };
    const std::string by_name = diagnose(runs.alone, runs.copies, none, Order::kept).advice;
    CHECK_MESSAGE(by_name.find("column:") == std::string::npos, by_name);
  }
}

TEST_CASE("what differs at the beginning of a part, where there is no header, are neighbours") {
  Runs runs = run(first_marked);
  runs.parts.rules = {false, true, {}};
  const Diagnosis found = diagnose(runs.alone, runs.copies, runs.parts, Order::kept);
  CHECK(found.memory == Memory::other);
  CHECK_MESSAGE(found.sentence.starts_with("it compares a record with the one before"), found.sentence);
  CHECK_MESSAGE(found.advice.find("--key") != std::string::npos, found.advice);
}

TEST_CASE("a column of a table is no key of the alignments that it was made of") {
  Runs runs = run(sums);
  runs.parts.of_alignments = true;
  const Diagnosis found = diagnose(runs.alone, runs.copies, runs.parts, Order::kept);
  CHECK(found.memory == Memory::whole_input);
  CHECK_MESSAGE(found.advice.find("--key tag:CB") != std::string::npos, found.advice);
  CHECK_MESSAGE(found.advice.find("column:") == std::string::npos, found.advice);
}

TEST_CASE("numbers of SAM that differ count nothing, but those of its tags may") {
  const auto alignment = [](const char* flag, const char* tag) {
    return fmt::format("r\t{}\tc\t1\t60\t1M\t*\t0\t0\tA\tI\tXN:i:{}\n", flag, tag);
  };
  const Parts parts{.starts = 2, .first_records = {}, .records = 0, .is_sam = true, .of_alignments = true};
  const Result alone = result(alignment("0", "1") + alignment("1024", "1") + alignment("1040", "1"));
  const Result marked = result(alignment("0", "1") + alignment("0", "1") + alignment("16", "1"));
  const Diagnosis found = diagnose(alone, marked, parts, Order::kept);
  CHECK(found.memory == Memory::other);
  CHECK_MESSAGE(found.sentence.find("as in column 2: it compares alignments") != std::string::npos,
                found.sentence);
  const Result numbered_ones = result(alignment("0", "1") + alignment("1024", "2") + alignment("1040", "3"));
  CHECK(diagnose(alone, numbered_ones, parts, Order::kept).memory == Memory::counter);
}

TEST_CASE("a filter of one record at a time gives the same, however it is cut") {
  const Runs runs = run([](const Lines& lines) {
    return filtered(lines, [](std::size_t, const std::string& line) { return line.size() % 2 == 0; });
  });
  CHECK(!find_difference(runs.alone, runs.copies, Order::kept));
  CHECK(!find_difference(runs.alone, runs.copies, Order::any));
}

TEST_CASE("the first record that differs, in order and in any order") {
  struct Case {
    std::string alone, copies;
    std::uint64_t kept;  // the record's number, 99: none differs
    std::uint64_t any;
    std::string of_alone, of_copies;  // in order
  };
  const std::vector<Case> cases = {
      {"a\nb\nc\n", "a\nb\nc\n", 99, 99, "", ""},
      {"a\nb\nc\n", "a\nc\nb\n", 2, 99, "b\n", "c\n"},
      {"a\nb\nc\n", "a\nb\n", 3, 3, "c\n", ""},
      {"a\nb\n", "a\nb\nc\n", 3, 3, "", "c\n"},
      {"a\na\nb\n", "a\nb\n", 2, 1, "a\n", "b\n"},
      {"a\nb\n", "a\na\nb\n", 2, 2, "b\n", "a\n"},
      {"", "", 99, 99, "", ""},
      {"", "a\n", 1, 1, "", "a\n"},
      {"a\nb", "a\nb\n", 2, 2, "b", "b\n"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.alone);
    CAPTURE(one.copies);
    const Result alone = result(one.alone);
    const Result copies = result(one.copies);
    const auto kept = find_difference(alone, copies, Order::kept);
    const auto any = find_difference(alone, copies, Order::any);
    CHECK((kept ? kept->record : 99) == one.kept);
    CHECK((any ? any->record : 99) == one.any);
    if (!kept) continue;
    CHECK(kept->alone == one.of_alone);
    CHECK(kept->copies == one.of_copies);
  }
}

TEST_CASE("a header is compared by itself") {
  const mrf::record::HeaderForm two_lines{"", 2};
  const Result alone = result("h1\nh2\na\n", two_lines);
  CHECK(alone.records().size() == 1);
  CHECK(!find_difference(alone, result("h1\nh2\na\n", two_lines), Order::any));
  const Result other = result("h1\nh3\na\n", two_lines);
  const auto difference = find_difference(alone, other, Order::any);
  REQUIRE(difference);
  CHECK(difference->record == 0);
  CHECK(diagnose(alone, other, {4, {}, 0, false}, Order::any).memory == Memory::header);
}

TEST_CASE("lines of a header that say how it was written are not compared") {
  const mrf::record::HeaderForm marked{"#", 0};
  const Result alone = result("##a\n##bcftools_viewCommand=view; Date=1\n#b\nr\n", marked);
  CHECK(!find_difference(alone, result("##a\n##bcftools_viewCommand=view; Date=2\n#b\nr\n", marked),
                         Order::kept));
  CHECK(!find_difference(alone, result("##a\n#b\nr\n", marked), Order::kept));
  const Result other = result("##a\n#c\nr\n", marked);
  const auto difference = find_difference(alone, other, Order::kept);
  REQUIRE(difference);
  CHECK(difference->alone == "#b\n");
  CHECK(difference->copies == "#c\n");
  CHECK(find_difference(alone, result("##a\n##bcftools_viewVersion=2\n#b\nr\n", marked), Order::kept));
  const mrf::record::HeaderForm of_sam = mrf::record::sam_header();
  const std::string first = "@HD\tVN:1.6\n@SQ\tSN:c\tLN:9\n";
  CHECK(!find_difference(result(first + "@PG\tID:samtools\tCL:samtools view /tmp/a\n", of_sam),
                         result(first + "@PG\tID:samtools\tCL:samtools view /tmp/b\n", of_sam), Order::kept));
  CHECK(find_difference(result(first + "@CO\ta\n", of_sam), result(first + "@CO\tb\n", of_sam), Order::kept));
}

TEST_CASE("a date that a filter adds to its header is found") {
  const std::string first = "##fileformat=VCFv4.2\n##bcftools_viewCommand=view; Date=1\n";
  CHECK(adds_date(first + "##bcftools_filterCommand=filter; Date=2\n#CHROM\n", first + "#CHROM\n"));
  CHECK(adds_date(first, ""));
  CHECK_FALSE(adds_date(first, first));
  CHECK_FALSE(adds_date("", first));
  CHECK_FALSE(adds_date("##fileformat=VCFv4.2\n#CHROM", ""));
}

TEST_CASE("records are what the form says, and the last one counts without its end") {
  CHECK(Result("@a\nAC\n+\nII\n@b\nAC\n+\nII\n", mrf::record::parse_record_form("fastq"), {})
            .records()
            .size() == 2);
  CHECK(Result(">a\nAC\nGT\n>b\nA", mrf::record::parse_record_form("fasta"), {}).records().size() == 2);
  CHECK(Result("1\n2\n3\n", mrf::record::parse_record_form("lines:2"), {}).records().size() == 2);
}

TEST_CASE("two records are shown without control characters, around what differs") {
  const std::string same(200, 'x');
  const std::string alone = same + "A\t" + same + "\n";
  const std::string copies = same + "B\x1b" + same + "\n";
  const ShownRecords shown = show({1, alone, copies});
  CHECK(shown.alone.size() < 100);
  CHECK(shown.alone.starts_with("...x"));
  CHECK(shown.alone.find("xA\\tx") != std::string::npos);
  CHECK(shown.copies.find("xB\\x1bx") != std::string::npos);
  CHECK(show({1, "a\n", ""}).copies == "(none)");
  CHECK(show({1, "a\n", ""}).alone == "a");
}

TEST_CASE("where any order will do, the line of a header that names the order is not compared") {
  const auto sam = mrf::record::sam_header();
  const Result alone = result("@HD\tVN:1.6\tSO:coordinate\n@SQ\tSN:a\nr1\nr2\n", sam);
  const Result copies = result("@HD\tVN:1.6\tSO:unsorted\n@SQ\tSN:a\nr2\nr1\n", sam);
  CHECK(!find_difference(alone, copies, Order::any));
  CHECK(find_difference(alone, copies, Order::kept)->record == 0);
  CHECK(find_difference(alone, result("@SQ\tSN:b\nr2\nr1\n", sam), Order::any)->record == 0);
}
