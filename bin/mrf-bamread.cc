// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "bam/bed.h"
#include "bam/convert.h"
#include "bam/file_index.h"
#include "bam/intervals.h"
#include "base/amounts.h"
#include "base/error.h"
#include "base/freed_memory.h"
#include "base/lower_case.h"
#include "base/output_name.h"
#include "base/own_program.h"
#include "base/version.h"
#include "cli/command.h"
#include "codec/bgzf.h"
#include "codec/inflate.h"
#include "io/output_file.h"
#include "io/paths.h"
#include "process/producer.h"
#include "sam/header.h"
#include "sam/hts.h"

namespace {

struct Options {
  std::vector<std::string> inputs;
  std::string output = "-";
  mrf::bam::SourceOptions source;
  std::vector<std::string> all_flags;
  std::vector<std::string> no_flags;
  std::string bed;
  std::string rule;
  std::optional<double> fraction;
  unsigned seed = 0;
  bool use_index = false;
  bool no_header = false;
  bool add_pg = false;
  std::string command_line;
  bool uncompressed_bam = false;
  std::string index;
  std::string range;
  std::string range_report;
  mrf::bam::ConvertOptions convert;
};

void declare(mrf::cli::OptionSet& app, Options& options) {
  app.add_option("INPUT", options.inputs);
  app.add_option("-o,--output FILE", options.output, "write to FILE instead of standard output");
  app.add_option("-T,--reference REF", options.source.reference,
                 "reference sequences of a CRAM input, a FASTA file");
  app.add_option("-@,--threads N", options.convert.threads, "use N additional threads (default 0)");
  app.add_flag("--no-header", options.no_header, "do not write the header");
  app.add_flag("-H,--header-only", options.convert.header_only, "write the header and no records");
  app.add_flag("-u,--uncompressed", options.uncompressed_bam,
               "write BAM that is not compressed, instead of SAM");
  app.add_option("--index FILE", options.index, "write the index of INPUT to FILE, and no records");
  app.add_repeatable("-f,--require-flags FLAGS", options.all_flags,
                     "only records with all of these flags (repeatable)");
  app.add_repeatable("-F,--excl-flags FLAGS", options.no_flags,
                     "only records with none of these flags (repeatable)");
  app.add_option("-q,--min-MQ N", options.convert.selection.least_mapq,
                 "only records with a mapping quality of at least N (default 0)");
  app.add_option("-e,--expr EXPR", options.convert.selection.expression,
                 "only records for which the expression EXPR is true");
  app.add_repeatable("-r,--region REGION", options.source.regions,
                     "only records that overlap REGION (repeatable); needs an index");
  app.add_option("-L,--target-file FILE", options.bed,
                 "only records that overlap the intervals of FILE, a BED file");
  app.add_flag("-M,--use-index", options.use_index, "with -L: read the intervals by the index");
  app.add_option("--region-rule RULE", options.rule,
                 "records of -r and -L: overlaps, or starts for those that begin there (default overlaps)");
  app.add_option("--range BEGIN-END", options.range,
                 "only records from the virtual offset BEGIN of a BAM up to END, where one has to begin");
  app.add_option("--range-report FILE", options.range_report,
                 "with --range: write how many records it has, and the state of INPUT, to FILE");
  app.add_option("--subsample FRACTION", options.fraction,
                 "only this fraction of the read names, above 0 and up to 1 (default: all)");
  app.add_option("--subsample-seed N", options.seed, "with --subsample: others for another N (default 0)");
  app.add_flag("--add-pg", options.add_pg, "add a @PG line for this program");
  app.add_flag("--permissive", options.source.permissive, "accept what samtools accepts, with a warning");
  app.add_flag("--allow-truncated", options.convert.allow_truncated,
               "accept a truncated input, with a warning");
}

// What is written would be taken for something else under such a name.
void check_output_name(const Options& options) {
  const std::string name = mrf::base::lower_case(options.output);
  const auto ends_in = [&name](std::initializer_list<const char*> endings) {
    return std::any_of(endings.begin(), endings.end(),
                       [&name](const char* ending) { return name.ends_with(ending); });
  };
  const char* const writes =
      "mrf-bamread writes SAM text, with -u BAM that is not compressed; mrf-bamwrite writes BAM, CRAM and "
      "compressed SAM";
  const bool is_other_kind = options.uncompressed_bam ? ends_in({".sam"}) : ends_in({".bam", ".ubam"});
  if (is_other_kind || ends_in({".cram"}) || mrf::base::has_gzip_name(name) ||
      !mrf::base::way_to_write(name).empty()) {
    throw mrf::base::UsageError("write", options.output, writes);
  }
}

mrf::bam::RegionRule rule_of(const Options& options) {
  if (options.rule.empty()) return mrf::bam::RegionRule::overlaps;
  if (options.source.regions.empty() && options.bed.empty())
    throw mrf::base::UsageError("use option", "--region-rule", "it goes with -r and -L");
  if (options.rule == "starts") return mrf::bam::RegionRule::starts;
  if (options.rule == "overlaps") return mrf::bam::RegionRule::overlaps;
  throw mrf::base::UsageError("use region rule", options.rule, "neither starts nor overlaps");
}

void set_sample(Options& options, bool has_seed) {
  if (!options.fraction) {
    if (has_seed) throw mrf::base::UsageError("use option", "--subsample-seed", "it goes with --subsample");
    return;
  }
  if (!(*options.fraction > 0 && *options.fraction <= 1))
    throw mrf::base::UsageError("use option", "--subsample", "not a fraction above 0 and up to 1");
  options.convert.selection.fraction = *options.fraction;
  options.convert.selection.seed = mrf::bam::hashed_seed(options.seed);
}

// "BEGIN-END", two virtual offsets.
std::optional<mrf::bam::Range> parse_range(std::string_view text) {
  mrf::bam::Range range;
  const char* const end = text.data() + text.size();
  const auto begin = std::from_chars(text.data(), end, range.begin);
  if (begin.ec != std::errc() || begin.ptr == end || *begin.ptr != '-') return std::nullopt;
  const auto rest = std::from_chars(begin.ptr + 1, end, range.end);
  if (rest.ec != std::errc() || rest.ptr != end || range.end < range.begin) return std::nullopt;
  return range;
}

void set_range(Options& options, const mrf::cli::OptionSet& given) {
  if (options.range.empty()) {
    if (!options.range_report.empty())
      throw mrf::base::UsageError("use option", "--range-report", "it goes with --range");
    return;
  }
  for (const char* other : {"-r", "-L", "-H", "--allow-truncated"}) {
    if (given.count(other) > 0) throw mrf::base::UsageError("use option", other, "it goes without --range");
  }
  if (options.inputs.size() > 1)
    throw mrf::base::UsageError("use option", "--range", "it goes with one INPUT, a BAM file in BGZF");
  options.source.range = parse_range(options.range);
  if (!options.source.range)
    throw mrf::base::UsageError("use range", options.range,
                                "it is not BEGIN-END, two virtual offsets of which the first is not larger");
}

// "null" for the end where no record begins.
void write_range_report(const Options& options, const mrf::bam::SourceList& sources, bool has_end,
                        std::uint64_t records) {
  const mrf::bam::Range& range = *options.source.range;
  const struct stat state = sources.input().state();
  const std::string text =
      fmt::format(R"({{"begin":{},"end":{},"records":{},"size":{},"mtime":"{}","device":{},"inode":{}}}{})",
                  range.begin, has_end ? std::to_string(range.end) : "null", records, state.st_size,
                  mrf::base::time_text(state.st_mtim), state.st_dev, state.st_ino, "\n");
  mrf::io::write_output(options.range_report, text);
}

void convert(mrf::bam::SourceList& sources, mrf::bam::Encoder& encoder, mrf::io::OutputFile& output,
             const Options& options, mrf::io::Stats& stats) {
  try {
    mrf::bam::convert(sources, encoder, output, options.convert, stats);
  } catch (const mrf::base::DataError&) {
    if (!options.range_report.empty() && sources.current().has_missed_end())
      write_range_report(options, sources, false, stats.records_in);
    throw;
  }
  output.commit();
  if (!options.range_report.empty()) write_range_report(options, sources, true, stats.records_in);
}

// The report replaces nothing that is read or written, and is not mixed with the data.
void keep_from_report(const Options& options) {
  if (options.range_report.empty()) return;
  mrf::io::refuse_shared_outputs({options.output, options.range_report}, {});
  mrf::io::refuse_shared_outputs({options.range_report}, {options.inputs[0], options.source.reference});
}

// Returns the file of -L, if there is one.
std::shared_ptr<const mrf::bam::Bed> read_targets(Options& options) {
  options.source.rule = options.convert.selection.rule = rule_of(options);
  if (options.bed.empty()) {
    if (options.use_index && options.source.regions.empty())
      throw mrf::base::UsageError("use option", "-M", "it goes with -L");
    return nullptr;
  }
  const auto& inputs = options.inputs;
  if (options.bed == "-" && std::find(inputs.begin(), inputs.end(), "-") != inputs.end())
    throw mrf::base::UsageError("use option", "-L", "standard input is an input already");
  auto bed = std::make_shared<const mrf::bam::Bed>(options.bed);
  if (options.use_index && options.source.regions.empty()) options.source.bed = bed;
  return bed;
}

// What would be ignored in silence is refused.
mrf::base::Status write_index(const Options& options, const mrf::cli::OptionSet& given) {
  for (const char* other : {"-o", "-H", "--no-header", "-u", "-f", "-F", "-q", "-e", "-r", "-L", "-M",
                            "--region-rule", "--subsample", "--subsample-seed", "--add-pg",
                            "--allow-truncated", "--permissive", "--range", "--range-report"}) {
    if (given.count(other) > 0)
      throw mrf::base::UsageError("use option", other, "it goes without --index, which writes no records");
  }
  if (options.inputs.size() != 1 || options.inputs[0] == "-")
    throw mrf::base::UsageError("use option", "--index", "it goes with one INPUT, a file");
  mrf::sam::silence_htslib();
  mrf::bam::write_file_index(options.inputs[0], options.index, options.convert.threads);
  return mrf::base::Status::success;
}

// What htslib does not read, or reads with other credentials, getm-fetch fetches and verifies.
std::optional<mrf::bam::Fetching> fetch(const std::string& url) {
  if (url.starts_with("http://") || url.starts_with("https://")) return std::nullopt;
  const auto producer = std::make_shared<mrf::process::Producer>(
      std::vector<std::string>{mrf::base::program_beside("getm-fetch"), "--progress", "none", url, "-"});
  return mrf::bam::Fetching{producer->take_output(), [producer, url] {
                              const auto outcome = producer->wait();
                              if (outcome.succeeded()) return;
                              throw mrf::base::Error(static_cast<mrf::base::Status>(outcome.status()), "read",
                                                     mrf::sam::shown_path(url),
                                                     "getm-fetch failed: " + outcome.describe());
                            }};
}

mrf::base::Status run(Options& options, bool has_seed, mrf::io::Stats& stats) {
  namespace bam = mrf::bam;
  check_output_name(options);
  if (options.inputs.empty()) options.inputs.emplace_back("-");
  if (options.output == "-") mrf::io::refuse_input_as_standard_output(options.inputs);
  keep_from_report(options);
  if (options.convert.header_only && options.no_header)
    throw mrf::base::UsageError("use option", "--no-header", "-H writes the header alone");
  if (options.uncompressed_bam && options.no_header)
    throw mrf::base::UsageError("use option", "--no-header",
                                "BAM, which -u writes, has its header in any case");
  mrf::base::keep_freed_memory();
  mrf::sam::silence_htslib();
  auto& selection = options.convert.selection;
  for (const auto& flags : options.all_flags) selection.all_flags |= bam::parse_flags(flags);
  for (const auto& flags : options.no_flags) selection.no_flags |= bam::parse_flags(flags);
  set_sample(options, has_seed);
  bam::check_expression(selection.expression);
  options.source.threads = options.convert.threads;
  const auto bed = read_targets(options);
  if (options.source.regions.empty() && !options.source.bed) options.source.fetch = fetch;
  bam::SourceList sources(options.inputs, options.source, stats.in);
  if (bed) selection.intervals = std::make_shared<bam::IntervalSet>(bed->intervals(sources.header()));
  if (options.add_pg) {
    mrf::sam::add_program_line(sources.header(),
                               {"mrf-bamread", mrf::base::project_version, options.command_line});
  }
  const auto encoder = options.uncompressed_bam
                           ? bam::make_bam_stream_encoder()
                           : bam::make_sam_encoder(!options.no_header, options.source.permissive);
  mrf::io::OutputFile output(options.output);
  convert(sources, *encoder, output, options, stats);
  stats.outputs = {{options.output, stats.records_out, stats.out.bytes, {}}};
  mrf::io::note_counts(stats);
  return mrf::base::Status::success;
}

}  // namespace

int main(int argc, char** argv) try {
  Options options;
  mrf::cli::Command command(
      "mrf-bamread", "[options] [INPUT...]", "Reads BAM, CRAM or SAM and writes SAM text.",
      {mrf::sam::hts_library(), mrf::codec::inflate_library(), mrf::codec::bgzf_library()});
  command.free_short_quiet();
  declare(command.options(), options);
  options.command_line = mrf::sam::command_line({argv, static_cast<std::size_t>(argc)});
  return command.run(argc, argv, [&] {
    command.keep_from_stats(options.output);
    if (!options.range_report.empty()) command.keep_from_stats(options.range_report);
    if (!options.index.empty()) return write_index(options, command.options());
    set_range(options, command.options());
    return run(options, command.options().count("--subsample-seed") > 0, command.stats());
  });
} catch (...) {
  return mrf::cli::status_of_current_exception("mrf-bamread");
}
