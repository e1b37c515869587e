// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/output_name.h"
#include "cli/command.h"
#include "codec/bgzf.h"
#include "codec/inflate.h"
#include "io/paths.h"
#include "record/key.h"
#include "split/distribute.h"

namespace {

using Kind = mrf::record::RecordForm::Kind;
using mrf::base::UsageError;

struct CommandLine {
  std::string record = "line";
  std::string key;
  std::string header_prefix;
  std::uint64_t header_lines = 0;
  bool sam = false;
  bool is_numbered = false;
  mrf::split::DistributeOptions options;
};

void declare_policy(mrf::cli::OptionSet& app, CommandLine& line) {
  auto& options = line.options;
  app.add_option("-c,--chunk-size N", options.chunk.records,
                 "records in a chunk, which goes to one output (default 1000)");
  app.add_size("--chunk-bytes", options.chunk.bytes, "bytes in a chunk, instead of records");
  app.add_flag("--balance", options.balance,
               "give each chunk to an output that can take it now (default: in turn)");
  app.add_option("--key KEY", line.key,
                 "records of one key to one output: tag:XX, name, column:K or after:TEXT, each with :LEN");
  app.add_option("--map FILE", options.map,
                 "look up keys in FILE: lines of a key, a tab and the index of an output, from 0");
  app.add_option("--missing WHAT", options.missing,
                 "records without a key: error|skip|any|PATH (default error)");
}

void declare(mrf::cli::Command& command, CommandLine& line) {
  auto& app = command.options();
  auto& options = line.options;
  app.add_repeatable("-i,--input INPUT", options.inputs,
                     "read INPUT (repeatable; default -, standard input)");
  app.add_repeatable("--mate INPUT", options.mates,
                     "read the mates of the records of -i from INPUT; outputs are pairs");
  app.add_flag("--mates", options.interleaved,
               "two records in a row with the same name are mates; outputs are pairs");
  app.add_option("--singles PATH", options.singles,
                 "with --mates: write records without a mate to PATH (default: an error)");
  app.add_option("--record FORM", line.record,
                 std::string(mrf::record::record_form_names) + " (default line)");
  declare_policy(app, line);
  app.add_flag("--sam", line.sam, "the lines are SAM: header lines start with '@', numbers are tags");
  app.add_option("--header-prefix STR", line.header_prefix,
                 "the lines at the top that start with STR are the header");
  app.add_option("--header-lines K", line.header_lines, "the first K lines are the header (default 0)");
  app.add_option("--header-to PATH", options.header_to, "write the header to PATH (default: drop it)");
  app.add_flag("--header-broadcast", options.header_broadcast,
               "write the header to every OUTPUT, before its records");
  app.add_flag("--seq", line.is_numbered, "write a number into each record, for mrf-collect --order seq");
  app.add_option("-@,--threads N", options.threads,
                 "additional threads that inflate and deflate BGZF (default 0)");
  app.add_option("-l,--level LEVEL", options.level,
                 "compression level of outputs whose names end in .gz or .bgz, 0 to 9 (default 6)");
  app.add_option("--first N", options.first,
                 "take only the first N records, or pairs of -i and --mate (default: all)");
  app.add_size("--keep-last", options.keep_last,
               "bytes of the last records that are kept for each OUTPUT, in OUTPUT.last (default 0)");
  app.add_flag(
      "--until-read", options.until_read,
      "status 1 when a reader ends before it has read all (default: only what is written then counts)");
  app.add_option("OUTPUT", options.outputs);
}

void refuse(const std::string& option, const std::string& reason) {
  throw UsageError("use option", option, reason);
}

void refuse_together(const mrf::cli::OptionSet& app) {
  const std::pair<const char*, const char*> contrary[] = {
      {"--chunk-size", "--chunk-bytes"},
      {"--chunk-size", "--key"},
      {"--chunk-bytes", "--key"},
      {"--balance", "--key"},
      {"--header-lines", "--sam"},
      {"--header-lines", "--header-prefix"},
      {"--header-prefix", "--sam"},
      {"--mate", "--sam"},
      {"--mates", "--mate"},
      {"--mate", "--header-prefix"},
      {"--mate", "--header-lines"},
      {"--mates", "--first"},
  };
  for (const auto& [one, other] : contrary) {
    if (app.count(one) > 0 && app.count(other) > 0) refuse(one, fmt::format("not together with {}", other));
  }
  for (const char* name : {"--map", "--missing"}) {
    if (app.count(name) > 0 && app.count("--key") == 0) refuse(name, "no --key is given");
  }
}

void check_numbers(const mrf::cli::OptionSet& app, const mrf::split::DistributeOptions& options) {
  if (options.first == 0) refuse("--first", "0 records are nothing to distribute");
  if (options.chunk.records == 0) refuse("--chunk-size", "0 records are no chunk");
  if (app.count("--chunk-bytes") > 0 && options.chunk.bytes == 0)
    refuse("--chunk-bytes", "0 bytes are no chunk");
  if (options.level && (*options.level < 0 || *options.level > 9)) refuse("--level", "not between 0 and 9");
  if (options.outputs.empty()) throw UsageError("use command line", "arguments", "no OUTPUT is given");
}

void check_level(const mrf::split::DistributeOptions& options) {
  if (!options.level) return;
  const auto is_compressed = [](const std::string& path) { return mrf::base::has_gzip_name(path); };
  const bool any = std::any_of(options.outputs.begin(), options.outputs.end(), is_compressed) ||
                   is_compressed(options.missing) || is_compressed(options.singles) ||
                   is_compressed(options.header_to);
  if (!any || options.form.kind == Kind::bam)
    refuse("--level", "only outputs whose names end in .gz or .bgz are compressed");
}

void check_interleaved(const mrf::split::DistributeOptions& options, const std::string& record) {
  if (!options.interleaved) {
    if (!options.singles.empty()) refuse("--singles", "no --mates is given");
    return;
  }
  if (options.form.kind != Kind::fastq && options.form.kind != Kind::fasta) {
    refuse("--mates", "records of " + record + " have no mates, fastq and fasta have");
  }
  if (options.outputs.size() % 2 != 0) refuse("--mates", "the OUTPUTs are to be pairs");
  if (options.missing != "error" && options.missing != "skip" && options.missing != "any") {
    refuse("--missing", "with --mates only error, skip and any");
  }
}

void check_mates(const mrf::split::DistributeOptions& options, const std::string& record) {
  if (options.mates.empty()) return;
  const Kind kind = options.form.kind;
  if (kind != Kind::fastq && kind != Kind::line && kind != Kind::lines) {
    refuse("--mate", "records of " + record + " have no mates");
  }
  if (options.mates.size() != options.inputs.size()) refuse("--mate", "one is needed for each --input");
  if (options.outputs.size() % 2 != 0) refuse("--mate", "the OUTPUTs are to be pairs");
  if (options.missing != "error" && options.missing != "skip" && options.missing != "any") {
    refuse("--missing", "with --mate only error, skip and any");
  }
}

void settle_header(const mrf::cli::OptionSet& app, CommandLine& line) {
  auto& options = line.options;
  const bool bam = options.form.kind == Kind::bam;
  if (line.sam && options.form.kind != Kind::line)
    refuse("--sam", "SAM records are lines, not " + line.record);
  for (const char* name : {"--header-prefix", "--header-lines"}) {
    if (bam && app.count(name) > 0) refuse(name, "a BAM stream knows its header");
  }
  if (line.sam) options.form.kind = Kind::sam;
  options.header = bam        ? mrf::record::bam_header()
                   : line.sam ? mrf::record::sam_header()
                              : mrf::record::HeaderForm{line.header_prefix, line.header_lines};
  for (const char* name : {"--header-to", "--header-broadcast"}) {
    if (app.count(name) > 0 && !options.header.is_named()) {
      refuse(name, "no header is named by --sam, --header-prefix or --header-lines");
    }
  }
}

void settle(const mrf::cli::OptionSet& app, CommandLine& line) {
  auto& options = line.options;
  if (options.inputs.empty()) options.inputs.emplace_back("-");
  options.form = mrf::record::parse_record_form(line.record);
  if (!line.key.empty()) options.key = mrf::record::parse_key_form(line.key);
  settle_header(app, line);
  check_mates(options, line.record);
  check_interleaved(options, line.record);
  check_level(options);
  if (!line.is_numbered) return;
  if (!mrf::record::has_room_for_number(options.form))
    refuse("--seq", "records of " + line.record + " have no room for a number");
  options.number_place = options.form.kind == Kind::bam ? mrf::record::SequencePlace::aux
                         : line.sam                     ? mrf::record::SequencePlace::tag
                                                        : mrf::record::SequencePlace::column;
}

}  // namespace

int main(int argc, char** argv) try {
  mrf::cli::Command command(
      "mrf-distribute", "[-i INPUT]... [options] OUTPUT...",
      "Distributes the records of one stream over several outputs.",
      {mrf::codec::inflate_library(), mrf::codec::bgzf_library(), mrf::record::key_hash_library()});
  CommandLine line;
  declare(command, line);
  return command.run(argc, argv, [&] {
    refuse_together(command.options());
    check_numbers(command.options(), line.options);
    settle(command.options(), line);
    for (const auto& output : line.options.outputs) command.keep_from_stats(output);
    for (const auto& other : {line.options.header_to, line.options.singles, line.options.missing}) {
      if (other == "-") command.keep_from_stats(other);
    }
    const auto& outputs = line.options.outputs;
    if (std::find(outputs.begin(), outputs.end(), "-") != outputs.end()) {
      mrf::io::refuse_input_as_standard_output(line.options.inputs);
      mrf::io::refuse_input_as_standard_output(line.options.mates);
    }
    mrf::split::distribute(line.options, command.stats());
    mrf::io::note_counts(command.stats());
    return mrf::base::Status::success;
  });
} catch (...) {
  return mrf::cli::status_of_current_exception("mrf-distribute");
}
