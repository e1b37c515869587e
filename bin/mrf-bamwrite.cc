// SPDX-License-Identifier: MIT
#include <memory>
#include <string>

#include "bam/convert.h"
#include "bam/encoder.h"
#include "base/error.h"
#include "base/freed_memory.h"
#include "base/version.h"
#include "cli/command.h"
#include "codec/bgzf.h"
#include "codec/inflate.h"
#include "io/paths.h"
#include "record/record.h"
#include "sam/header.h"
#include "sam/hts.h"

namespace {

struct Options {
  std::string input = "-";
  std::string header;
  mrf::bam::EncoderOptions encoder;
  bool no_pg = false;
  bool add_pg = false;
  std::string pg_command;
  bool no_header = false;
  bool is_unsorted = false;
  std::string command_line;
  mrf::bam::ConvertOptions convert;
};

void declare(mrf::cli::OptionSet& app, Options& options) {
  app.add_option("INPUT", options.input);
  app.add_option("-o,--output FILE", options.encoder.path, "write to FILE instead of standard output");
  app.add_option("-O,--output-fmt FORMAT", options.encoder.format,
                 "bam, cram, sam or sam.gz (default: by the name of OUT, or bam)");
  app.add_option("-l,--level LEVEL", options.encoder.level, "compression level, 0 to 9 (default 6)");
  app.add_option("-T,--reference REF", options.encoder.reference,
                 "reference sequences of CRAM, a FASTA file");
  app.add_option("-@,--threads N", options.convert.threads, "use N additional threads (default 0)");
  app.add_option("--header FILE", options.header, "write the header of FILE instead of that of the input");
  app.add_flag("--write-index", options.encoder.index, "write the index of OUT beside it");
  app.add_flag("--add-pg", options.add_pg, "add a @PG line for this program");
  app.add_option("--pg-command LINE", options.pg_command,
                 "with --add-pg: the command line of the program that the line is for (default: this one)");
  app.add_flag("--no-header", options.no_header, "write SAM without its header");
  app.add_flag("--unsorted", options.is_unsorted,
               "the records are in no order, and the header says so (default: it is kept)");
  app.add_flag("--permissive", options.encoder.permissive, "accept what samtools accepts, with a warning");
  app.add_flag("--no-PG", options.no_pg, "add no @PG line (the default)");
}

// The first word of a command line, without directories, is the program.
mrf::sam::Program program_of(const Options& options) {
  if (options.pg_command.empty()) return {"mrf-bamwrite", mrf::base::project_version, options.command_line};
  std::string line = options.pg_command;
  char* const word = line.data();
  line = mrf::sam::command_line({&word, 1});
  return {mrf::io::base_of(line.substr(0, line.find(' '))), mrf::base::project_version, line};
}

mrf::base::Status run(Options& options, mrf::io::Stats& stats) {
  namespace bam = mrf::bam;
  if (options.add_pg && options.no_pg)
    throw mrf::base::UsageError("use option", "--no-PG", "--add-pg adds the line");
  if (!options.add_pg && !options.pg_command.empty())
    throw mrf::base::UsageError("use option", "--pg-command", "it goes with --add-pg");
  if (options.is_unsorted && options.encoder.index)
    throw mrf::base::UsageError("use option", "--write-index", "an index needs sorted records");
  options.encoder.with_header = !options.no_header;
  mrf::base::keep_freed_memory();
  mrf::sam::silence_htslib();
  options.encoder.threads = options.convert.threads;
  mrf::record::check_written_name(options.encoder.path);
  if (options.encoder.path == "-") mrf::io::refuse_input_as_standard_output({options.input});
  const auto encoder = bam::make_encoder(options.encoder);
  const bool has_header = !options.header.empty();
  bam::SourceList sources(
      {options.input},
      {options.encoder.reference, {}, options.convert.threads, has_header, options.encoder.permissive},
      stats.in);
  if (has_header) sources.replace_header(bam::read_header_file(options.header, options.encoder.permissive));
  if (options.is_unsorted) mrf::sam::mark_unsorted(sources.header());
  if (options.add_pg) {
    mrf::sam::add_program_line(sources.header(), program_of(options));
  }
  mrf::io::OutputFile output(options.encoder.path);
  if (options.encoder.index) bam::check_can_index(output);
  bam::convert(sources, *encoder, output, options.convert, stats);
  if (options.encoder.index) {
    bam::commit_with_index(*encoder, output, options.encoder.path);
  } else {
    output.commit();
  }
  stats.outputs = {{options.encoder.path, stats.records_out, stats.out.bytes, {}}};
  mrf::io::note_counts(stats);
  return mrf::base::Status::success;
}

}  // namespace

int main(int argc, char** argv) try {
  Options options;
  mrf::cli::Command command(
      "mrf-bamwrite", "[options] [-o OUT] [INPUT]",
      "Reads SAM, BAM or CRAM records and writes BAM, CRAM or SAM.",
      {mrf::sam::hts_library(), mrf::codec::inflate_library(), mrf::codec::bgzf_library()});
  options.encoder.path = "-";
  declare(command.options(), options);
  options.command_line = mrf::sam::command_line({argv, static_cast<std::size_t>(argc)});
  return command.run(argc, argv, [&] {
    command.keep_from_stats(options.encoder.path);
    return run(options, command.stats());
  });
} catch (...) {
  return mrf::cli::status_of_current_exception("mrf-bamwrite");
}
