// SPDX-License-Identifier: MIT
#include "cli/command.h"
#include "split/distribute.h"
#include "stream/inflate.h"
#include "sys/error.h"

namespace {

using mrf::UsageError;

struct CommandLine {
  std::string record = "line";
  std::string header_prefix;
  std::uint64_t header_lines = 0;
  bool sam = false;
  mrf::DistributeOptions options;
};

void declare(mrf::Command& command, CommandLine& line) {
  auto& app = command.options();
  auto& options = line.options;
  command.add_repeatable("-i,--input", options.inputs, "read INPUT (repeatable; default: standard input)")
      ->option_text("INPUT");
  app.add_option("--record", line.record, "line, lines:K, fastq, nul or fixed:BYTES (default: line)")
      ->option_text("FORM");
  app.add_option("-c,--chunk-size", options.chunk.records, "records in a row to one output (default: 1000)")
      ->option_text("N");
  command.add_size("--chunk-bytes", options.chunk.bytes, "instead, bytes in a row to one output");
  app.add_flag("--sam", line.sam, "the lines are SAM: the header starts with '@', numbers go into a tag");
  app.add_option("--header-prefix", line.header_prefix, "leading lines that start with STR are the header")
      ->option_text("STR");
  app.add_option("--header-lines", line.header_lines, "the first K lines are the header")->option_text("K");
  app.add_option("--header-to", options.header_to, "write the header to PATH")->option_text("PATH");
  app.add_flag("--header-broadcast", options.header_broadcast, "write the header to every OUTPUT first");
  app.add_flag("--seq", options.stamp, "number the records, for mrf-collect --order seq");
  app.add_option("OUTPUT", options.outputs);
}

void refuse_both(const mrf::OptionSet& app, const std::string& one, const std::string& other) {
  if (app.count(one) > 0 && app.count(other) > 0) {
    throw UsageError("use option", one, "not together with " + other);
  }
}

void check(const mrf::OptionSet& app, CommandLine& line) {
  auto& options = line.options;
  refuse_both(app, "--chunk-size", "--chunk-bytes");
  refuse_both(app, "--header-lines", "--header-prefix");
  refuse_both(app, "--header-lines", "--sam");
  refuse_both(app, "--header-prefix", "--sam");
  if (options.chunk.records == 0) throw UsageError("use option", "--chunk-size", "0 records are no chunk");
  if (app.count("--chunk-bytes") > 0 && options.chunk.bytes == 0) {
    throw UsageError("use option", "--chunk-bytes", "0 bytes are no chunk");
  }
  if (options.outputs.empty()) throw UsageError("use command line", "arguments", "no OUTPUT is given");
  if (options.inputs.empty()) options.inputs.emplace_back("-");
  options.form = mrf::parse_record_form(line.record);
  if (options.form.kind == mrf::RecordForm::Kind::bam) {
    throw UsageError("use record form", line.record, "BAM records cannot be distributed");
  }
}

void settle_header(const mrf::OptionSet& app, CommandLine& line) {
  auto& options = line.options;
  using Kind = mrf::RecordForm::Kind;
  if (line.sam && options.form.kind != Kind::line) {
    throw UsageError("use option", "--sam", "SAM records are lines, not " + line.record);
  }
  options.header = line.sam ? mrf::sam_header() : mrf::HeaderForm{line.header_prefix, line.header_lines};
  for (const char* name : {"--header-to", "--header-broadcast"}) {
    if (app.count(name) > 0 && !options.header.is_named()) {
      throw UsageError("use option", name, "no header is named by --sam, --header-prefix or --header-lines");
    }
  }
  if (options.stamp && options.form.kind == Kind::fixed) {
    throw UsageError("use option", "--seq", "records of " + line.record + " have no room for a number");
  }
  options.stamp_place = line.sam ? mrf::SequencePlace::tag : mrf::SequencePlace::column;
}

}  // namespace

int main(int argc, char** argv) {
  mrf::Command command("mrf-distribute", "[-i INPUT]... [options] OUTPUT...",
                       "Hands the records of one stream to several outputs.", {mrf::inflate_library()});
  CommandLine line;
  declare(command, line);
  return command.run(argc, argv, [&] {
    check(command.options(), line);
    settle_header(command.options(), line);
    mrf::distribute(line.options, command.stats());
    return mrf::Status::success;
  });
}
