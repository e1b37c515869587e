// SPDX-License-Identifier: MIT
#include <cstdint>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/output_name.h"
#include "base/status_list.h"
#include "chunk/run.h"
#include "cli/command.h"
#include "codec/inflate.h"
#include "io/paths.h"

namespace {

using mrf::base::UsageError;

struct Words {
  std::string record = "line";
  std::string output_record;
  std::string chunk_size;
  std::string header_prefix;
  std::uint64_t header_lines = 0;
  std::string ok_status;
  std::string retry_status;
  bool sam = false;
  std::vector<std::string> arguments;
};

void declare(mrf::cli::Command& command, mrf::chunk::ChunkCommand& chunks, Words& words) {
  mrf::cli::OptionSet& app = command.options();
  app.add_option("-n,--workers N", chunks.filters, "run N filters at a time (default 1)");
  app.add_option("-c,--chunk-size RECORDS|auto", words.chunk_size,
                 "records in a chunk; auto: by the cost of starting the filter (default: by bytes)");
  app.add_option("-i,--input INPUT", chunks.input, "read INPUT (default -, standard input)");
  app.add_option("--record FORM", words.record,
                 "line, lines:K, fastq, fasta, start:TEXT, nul, fixed:BYTES or bam (default line)");
  app.add_flag("--sam", words.sam, "the lines are SAM: header lines start with '@'");
  app.add_option("--output-record FORM", words.output_record,
                 "a FORM as for --record, or sam, of the outputs (default: not checked)");
  app.add_flag("--repeated-headers", chunks.repeats_headers,
               "a header of SAM, VCF or another format may begin several outputs (default: status 3)");
  app.add_option("--header-prefix STR", words.header_prefix,
                 "the lines at the top that start with STR are the header");
  app.add_option("--header-lines K", words.header_lines, "the first K lines are the header (default 0)");
  app.add_option("--header-to PATH", chunks.header_to, "write the header to PATH, not to standard output");
  app.add_flag("--header-broadcast", chunks.header_broadcast,
               "every chunk begins with the header, and so does every output");
  app.add_size("--buffer", chunks.buffer,
               "output that may wait in temporary files; then filters wait (default: no limit)");
  app.add_option("--side PATH", chunks.side,
                 "write to PATH what the filters write to MRF_SIDE, chunk after chunk (default: nothing)");
  app.add_option("--ok-status LIST", words.ok_status,
                 "exit statuses of the filter that mean success, such as 0,1 (default 0)");
  app.add_option("--retries N", chunks.retries,
                 "start the filter of a chunk again, up to N times, when a signal ended it (default 0)");
  app.add_option("--retry-status LIST", words.retry_status,
                 "exit statuses that are worth a retry, such as 75 (default: none)");
  app.add_flag("--skip-failed", chunks.skips_failed,
               "leave chunks out whose filter failed, and end with status 3");
  app.add_option("--keep-failed DIR", chunks.keep_failed,
                 "keep in DIR what a failed filter was given, and a script that runs it again");
  app.add_option("COMMAND", words.arguments);
}

[[noreturn]] void refuse(const std::string& option, const std::string& reason) {
  throw UsageError("use option", option, reason);
}

std::set<int> statuses_of(const std::string& option, const std::string& list) {
  try {
    return mrf::base::parse_statuses(list);
  } catch (const std::invalid_argument&) {
    refuse(option, "'" + list + "' is no list of exit statuses, as in 0,1");
  }
}

void settle_failures(const mrf::cli::OptionSet& given, mrf::chunk::ChunkCommand& chunks, const Words& words) {
  if (!words.ok_status.empty()) chunks.ok_statuses = statuses_of("--ok-status", words.ok_status);
  if (given.count("--retry-status") > 0) {
    if (chunks.retries == 0) refuse("--retry-status", "it needs --retries");
    try {
      chunks.retry_statuses = mrf::base::parse_failure_statuses(words.retry_status);
    } catch (const std::invalid_argument&) {
      refuse("--retry-status",
             "'" + words.retry_status + "' is no list of exit statuses of failures, 1 to 255, as in 75,137");
    }
  }
}

void settle_header(const mrf::cli::OptionSet& given, mrf::chunk::ChunkCommand& chunks, const Words& words) {
  const bool is_bam = chunks.form.is_bam();
  if (words.sam && words.record != "line") refuse("--sam", "SAM records are lines, not " + words.record);
  for (const char* option : {"--header-prefix", "--header-lines"}) {
    if (given.count(option) == 0) continue;
    if (is_bam) refuse(option, "a BAM stream knows its header");
    if (words.sam) refuse(option, "not together with --sam");
  }
  if (given.count("--header-prefix") > 0 && given.count("--header-lines") > 0)
    refuse("--header-lines", "not together with --header-prefix");
  chunks.form.is_sam = words.sam;
  if (words.sam) chunks.form.record.kind = mrf::record::RecordForm::Kind::sam;
  chunks.form.header = is_bam      ? mrf::record::bam_header()
                       : words.sam ? mrf::record::sam_header()
                                   : mrf::record::HeaderForm{words.header_prefix, words.header_lines};
  if (is_bam && !chunks.header_to.empty()) refuse("--header-to", "the header of BAM goes to every filter");
  for (const char* option : {"--header-to", "--header-broadcast"}) {
    if (given.count(option) > 0 && !chunks.form.header.is_named())
      refuse(option, "no header is named by --sam, --header-prefix or --header-lines");
  }
}

// An output that is to be what the input is begins with a header when the input does.
void settle_output(mrf::chunk::ChunkCommand& chunks, const Words& words) {
  if (words.output_record.empty()) {
    if (chunks.form.is_bam() || chunks.header_broadcast) chunks.written = chunks.form;
    return;
  }
  chunks.written.emplace();
  if (words.output_record == "sam") {
    chunks.written->is_sam = true;
    chunks.written->record.kind = mrf::record::RecordForm::Kind::sam;
    chunks.written->header = mrf::record::sam_header();
    return;
  }
  chunks.written->record = mrf::record::parse_record_form(words.output_record);
  if (chunks.written->is_bam()) chunks.written->header = mrf::record::bam_header();
  if (chunks.header_broadcast && chunks.form.is_sam && words.output_record == "line") {
    chunks.written->header = mrf::record::possible_sam_header();
  }
  const bool is_same = chunks.written->record.kind == chunks.form.record.kind && !chunks.form.is_sam;
  if (chunks.header_broadcast && is_same) chunks.written->header = chunks.form.header;
}

// What is beside the output is lines, and not compressed.
void check_plain_name(const std::string& path) {
  mrf::record::check_output_name(path, {});
  if (mrf::base::has_gzip_name(path) && !mrf::record::is_pipe_or_device(path))
    throw UsageError("write", path,
                     "it is not compressed: write it without that ending, and bgzip(1) compresses it");
}

void settle(const mrf::cli::OptionSet& given, mrf::chunk::ChunkCommand& chunks, const Words& words) {
  if (!words.arguments.empty())
    throw UsageError("use", words.arguments[0], "the filter stands behind --, as in -- COMMAND");
  if (chunks.words.empty()) throw UsageError("use command line", "arguments", "no -- COMMAND is given");
  if (chunks.filters < 1) refuse("-n", "0 filters do nothing");
  if (!words.chunk_size.empty()) {
    const auto records = mrf::cli::parse_number_or_auto("--chunk-size", words.chunk_size);
    chunks.records = records.value_or(0);
    chunks.is_measured = !records;
  }
  settle_failures(given, chunks, words);
  chunks.form.record = mrf::record::parse_record_form(words.record);
  settle_header(given, chunks, words);
  settle_output(chunks, words);
  if (chunks.side == "-")
    refuse("--side", "standard output is for the outputs: name a file, or a FIFO that is read");
  for (const auto& path : {chunks.side, chunks.header_to}) check_plain_name(path);
  mrf::io::refuse_input_as_standard_output({chunks.input});
  mrf::io::refuse_shared_outputs({"-", chunks.header_to, chunks.side}, {chunks.input});
}

}  // namespace

int main(int argc, char** argv) try {
  mrf::cli::Command command("mrf-chunks", "[options] -- COMMAND [ARG...]",
                            "Runs a filter anew for every chunk of a stream and joins the outputs in order.",
                            {mrf::codec::inflate_library()});
  mrf::chunk::ChunkCommand chunks;
  Words words;
  declare(command, chunks, words);
  chunks.words = mrf::cli::take_filter(argc, argv);
  return command.run(argc, argv, [&] {
    settle(command.options(), chunks, words);
    command.keep_from_stats("-");
    const mrf::base::Status status = mrf::chunk::run_chunks(chunks, command.stats());
    mrf::io::note_counts(command.stats());
    return status;
  });
} catch (...) {
  return mrf::cli::status_of_current_exception("mrf-chunks");
}
