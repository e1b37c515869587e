// SPDX-License-Identifier: MIT
// Cuts of files, each searched, compared with what is known of the file, and proved: see help() below.
#include "unit/shard/cuts.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <array>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include "unit/directory.h"

namespace {

using namespace mrf;
using namespace mrf::shard;
using namespace mrf::shard::test;
using Kind = record::RecordForm::Kind;

constexpr const char* help = R"(usage: cuts [--cuts N] [--shards N] [--seed S] [--layouts] FILE...
Searches cuts of each FILE (BAM, SAM, FASTQ, FASTA, else lines; plain or BGZF), compares each with where the records
of the file begin, and proves it; plants false cuts; and cuts the file into shards and compares their records with
the file. Prints a row for each FILE and layout, and the sum.

  --cuts N     at so many random places, or at every byte of a file that has no more (default 1000)
  --shards N   cuts into 1, 2, 3, 5, 8... up to N shards (default 64)
  --seed S     of the random places (default 1)
  --layouts    the content of FILE in other blocks of BGZF too: blocks that do not begin with records, as htsjdk
               writes them; of 65,536 bytes; not compressed; one for each record; of 97 bytes with empty ones between
               them; and not in BGZF
  second       cuts that are not behind the first row of records: another one was tried first
  wrong        cuts where no record begins; the proof has refused them
  planted      false cuts that were planted; the proof has refused them
  ms, longest  processor time of a search in milliseconds: the mean and the longest

The status is 1 when a false cut has passed the proof, or when shards do not have the records of the file.
)";

struct Options {
  std::uint64_t cuts = 1000;
  std::uint64_t shards = 64;
  std::uint64_t seed = 1;
  bool has_layouts = false;
  std::vector<std::string> files;
};

InputForm form_of_name(const std::string& path) {
  std::string name = path;
  for (const char* ending : {".gz", ".bgz"})
    if (name.ends_with(ending)) name.resize(name.size() - std::string_view(ending).size());
  const auto ends = [&](const char* ending) { return name.ends_with(ending); };
  InputForm form;
  form.record.kind = Kind::line;
  if (ends(".bam")) {
    form.record.kind = Kind::bam;
    form.header = record::bam_header();
  } else if (ends(".sam")) {
    form.record.kind = Kind::sam;
    form.header = record::sam_header();
  } else if (ends(".fastq") || ends(".fq")) {
    form.record.kind = Kind::fastq;
  } else if (ends(".fasta") || ends(".fa")) {
    form.record.kind = Kind::fasta;
    form.record.text = ">";
  }
  return form;
}

class Checker {
 public:
  explicit Checker(const Options& options) : options_(options), random_(options.seed) {}

  void check(const std::string& path) {
    const InputForm form = form_of_name(path);
    KnownFile file(path, form);
    check(file, std::filesystem::path(path).filename().string(), "as it is");
    if (!options_.has_layouts) return;
    for (const auto& [layout, name] : layout_names) {
      const std::string other = directory_ / ("layout" + std::filesystem::path(path).extension().string());
      write_file(other, laid_out(file.content(), file.offsets(), layout));
      KnownFile laid(other, form);
      check(laid, std::filesystem::path(path).filename().string(), name);
      std::filesystem::remove(other);
    }
  }

  void print_sum() const { print("sum", "", records_, sum_, true); }
  bool is_good() const { return is_good_; }

 private:
  void check(KnownFile& file, const std::string& name, const char* layout) {
    CutCounts counts;
    const Input& input = file.input();
    const bool is_plain = input.state().storage == Storage::plain;
    const std::uint64_t first = is_plain ? input.first() : block_offset(input.first());
    const std::uint64_t size = input.state().size - first;
    for (std::uint64_t at = 0; at < std::min(options_.cuts, size); ++at)
      file.search(first + (size <= options_.cuts ? at : random_() % size), counts);
    for (std::uint64_t at = 0; at < options_.cuts; at += 10) file.plant_some(random_, counts);
    bool is_right = true;
    std::uint64_t shards = 1;
    for (std::uint64_t next = 2; shards <= options_.shards; std::swap(shards, next), next += shards)
      is_right = file.run(shards) != KnownFile::Outcome::wrong && is_right;
    print(name, layout, file.records(), counts, is_right);
    is_good_ = is_good_ && is_right && counts.passed == 0;
    records_ += file.records();
    sum_.searched += counts.searched;
    sum_.found += counts.found;
    sum_.second += counts.second;
    sum_.wrong += counts.wrong;
    sum_.planted += counts.planted;
    sum_.passed += counts.passed;
    sum_.seconds += counts.seconds;
    sum_.longest = std::max(sum_.longest, counts.longest);
  }

  static void print(const std::string& name, const std::string& layout, std::uint64_t records,
                    const CutCounts& counts, bool is_right) {
    fmt::print("{:<40} {:<9} {:>9} {:>8} {:>8} {:>7} {:>6} {:>8} {:>7.3f} {:>8.2f}  {}{}\n", name, layout,
               records, counts.searched, counts.found, counts.second, counts.wrong, counts.planted,
               1e3 * counts.seconds / static_cast<double>(std::max<std::uint64_t>(counts.searched, 1)),
               1e3 * counts.longest, is_right ? "" : "WRONG RECORDS ",
               counts.passed > 0 ? fmt::format("{} FALSE CUTS PASSED", counts.passed) : "");
    std::fflush(stdout);
  }

  const Options& options_;
  std::mt19937_64 random_;
  ::Directory directory_;
  CutCounts sum_;
  std::uint64_t records_ = 0;
  bool is_good_ = true;
};

}  // namespace

int main(int argc, char** argv) try {
  Options options;
  const std::vector<std::string> words(argv + 1, argv + argc);
  for (std::size_t at = 0; at < words.size(); ++at) {
    const auto number = [&] { return std::stoull(words.at(++at)); };
    if (words[at] == "--help") {
      fmt::print("{}", help);
      return 0;
    }
    if (words[at] == "--cuts") {
      options.cuts = number();
    } else if (words[at] == "--shards") {
      options.shards = number();
    } else if (words[at] == "--seed") {
      options.seed = number();
    } else if (words[at] == "--layouts") {
      options.has_layouts = true;
    } else {
      options.files.push_back(words[at]);
    }
  }
  fmt::print("{:<40} {:<9} {:>9} {:>8} {:>8} {:>7} {:>6} {:>8} {:>7} {:>8}\n", "file", "layout", "records",
             "cuts", "found", "second", "wrong", "planted", "ms", "longest");
  Checker checker(options);
  for (const auto& file : options.files) checker.check(file);
  checker.print_sum();
  return checker.is_good() ? 0 : 1;
} catch (const std::exception& error) {
  fmt::print(stderr, "cuts: {}; try 'cuts --help'\n", error.what());
  return 2;
}
