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
  std::string all_flags;
  std::string no_flags;
  bool no_header = false;
  bool uncompressed_bam = false;
  mrf::bam::ConvertOptions convert;
};

void declare(mrf::OptionSet& app, Options& options) {
  app.add_option("INPUT", options.input);
  app.add_option("-o,--output", options.output, "write to FILE instead of standard output")
      ->option_text("FILE");
  app.add_option("-T,--reference", options.reference, "the references of a CRAM input as FASTA")
      ->option_text("REF");
  app.add_option("-@,--threads", options.convert.threads, "use N threads more (0)")->option_text("N");
  app.add_flag("--no-header", options.no_header, "leave the header out");
  app.add_flag("-H,--header-only", options.convert.header_only, "write the header only");
  app.add_flag("-u,--uncompressed", options.uncompressed_bam, "write BAM that is not compressed");
  app.add_option("-f,--require-flags", options.all_flags, "only records with all of these flags")
      ->option_text("FLAGS");
  app.add_option("-F,--excl-flags", options.no_flags, "only records with none of these flags")
      ->option_text("FLAGS");
  app.add_option("-q,--min-MQ", options.convert.selection.least_mapq, "only records of this mapping quality")
      ->option_text("N");
  app.add_option("-e,--expr", options.convert.selection.expression, "only records for which EXPR holds")
      ->option_text("EXPR");
  app.add_flag("--allow-truncated", options.convert.allow_truncated, "only warn of an input that is cut off");
}

mrf::Status run(Options& options, mrf::Stats& stats) {
  namespace bam = mrf::bam;
  bam::silence_htslib();
  auto& selection = options.convert.selection;
  if (!options.all_flags.empty()) selection.all_flags = bam::parse_flags(options.all_flags);
  if (!options.no_flags.empty()) selection.no_flags = bam::parse_flags(options.no_flags);
  bam::Input input(options.input, stats.in);
  const auto source = bam::make_source(input, options.reference);
  const auto encoder =
      options.uncompressed_bam ? bam::make_bam_encoder(0) : bam::make_sam_encoder(!options.no_header);
  mrf::OutputFile output(options.output);
  bam::convert(*source, *encoder, output, options.convert, stats);
  output.commit();
  stats.outputs = {{options.output, stats.records_out, stats.out.bytes}};
  return mrf::Status::success;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  mrf::Command command("mrf-bamread", "[options] [INPUT]", "Write BAM, CRAM or SAM as SAM text.",
                       {mrf::bam::hts_library(), mrf::inflate_library()});
  command.free_short_quiet();
  declare(command.options(), options);
  return command.run(argc, argv, [&] { return run(options, command.stats()); });
}
