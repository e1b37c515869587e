// SPDX-License-Identifier: MIT
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "chunk/job.h"
#include "cli/command.h"
#include "codec/inflate.h"

namespace {

using mrf::UsageError;

struct Words {
  std::string record = "line";
  std::vector<std::string> arguments;
};

void declare(mrf::Command& command, mrf::ChunkCommand& chunks, Words& words) {
  mrf::OptionSet& app = command.options();
  app.add_option("-n,--workers", chunks.filters, "run N filters at a time (default: 1)")->option_text("N");
  app.add_option("-c,--chunk-size", chunks.records, "records in a chunk")->option_text("RECORDS");
  app.add_option("-i,--input", chunks.input, "read INPUT (default: standard input)")->option_text("INPUT");
  app.add_option("--record", words.record, "line (default), lines:K, fastq, nul or fixed:BYTES")
      ->option_text("FORM");
  app.add_option("COMMAND", words.arguments);
}

// What stands behind the first -- is the filter and no option of this program.
std::vector<std::string> take_command(int& argc, char** argv) {
  const auto end = argv + argc;
  const auto dashes = std::find(argv + 1, end, std::string_view("--"));
  if (dashes == end) return {};
  argc = static_cast<int>(dashes - argv);
  return {dashes + 1, end};
}

void settle(const mrf::OptionSet& given, mrf::ChunkCommand& chunks, const Words& words) {
  if (!words.arguments.empty())
    throw UsageError("use", words.arguments[0], "the filter stands behind --, as in -- COMMAND");
  if (chunks.words.empty()) throw UsageError("use command line", "arguments", "no -- COMMAND is given");
  if (chunks.filters < 1) throw UsageError("use option", "-n", "0 filters do nothing");
  if (given.count("-c") > 0 && chunks.records < 1)
    throw UsageError("use option", "-c", "0 records are no chunk");
  chunks.form = mrf::parse_record_form(words.record);
  if (chunks.form.kind == mrf::RecordForm::Kind::bam)
    throw UsageError("use record form", words.record, "mrf-chunks cannot cut it");
}

}  // namespace

int main(int argc, char** argv) {
  mrf::Command command("mrf-chunks", "[options] -- COMMAND [ARG...]",
                       "Runs a filter anew for every chunk of a stream and joins the outputs in order.",
                       {mrf::inflate_library()});
  mrf::ChunkCommand chunks;
  Words words;
  declare(command, chunks, words);
  chunks.words = take_command(argc, argv);
  return command.run(argc, argv, [&] {
    settle(command.options(), chunks, words);
    return mrf::run_chunks(chunks, command.stats());
  });
}
