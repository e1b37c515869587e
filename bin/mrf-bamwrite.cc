// SPDX-License-Identifier: MIT
#include <memory>
#include <string>

#include "bam/convert.h"
#include "bam/hts.h"
#include "cli/command.h"
#include "stream/inflate.h"

namespace {

struct Options {
  std::string input = "-";
  std::string output = "-";
  std::string reference;
  std::string format;
  int level = -1;
  bool no_pg = false;
  mrf::bam::ConvertOptions convert;
};

void declare(mrf::OptionSet& app, Options& options) {
  app.add_option("INPUT", options.input);
  app.add_option("-o,--output", options.output, "write to FILE instead of standard output")
      ->option_text("FILE");
  app.add_option("-O,--output-fmt", options.format, "bam or sam; default by the name of the output, or bam")
      ->option_text("FORMAT");
  app.add_option("-l,--level", options.level, "compression level, 0 to 9")->option_text("LEVEL");
  app.add_option("-T,--reference", options.reference, "the references of a CRAM input as FASTA")
      ->option_text("REF");
  app.add_option("-@,--threads", options.convert.threads, "use N threads more (0)")->option_text("N");
  app.add_flag("--no-PG", options.no_pg, "add no @PG line (which is so anyway)");
}

mrf::Status run(Options& options, mrf::Stats& stats) {
  namespace bam = mrf::bam;
  bam::silence_htslib();
  const auto encoder = bam::make_encoder(options.format, options.output, options.level);
  bam::Input input(options.input, stats.in);
  const auto source = bam::make_source(input, options.reference);
  mrf::OutputFile output(options.output);
  bam::convert(*source, *encoder, output, options.convert, stats);
  output.commit();
  stats.outputs = {{options.output, stats.records_out, stats.out.bytes}};
  return mrf::Status::success;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  mrf::Command command("mrf-bamwrite", "[options] [-o OUT] [INPUT]",
                       "Write SAM, BAM or CRAM records as BAM or SAM.",
                       {mrf::bam::hts_library(), mrf::inflate_library()});
  declare(command.options(), options);
  return command.run(argc, argv, [&] { return run(options, command.stats()); });
}
