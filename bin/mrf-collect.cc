// SPDX-License-Identifier: MIT
#include "base/error.h"
#include "cli/command.h"
#include "codec/bgzf.h"
#include "codec/inflate.h"
#include "collect/collect.h"

namespace {

struct Words {
  std::string order;
  std::string record;
  std::string header;
  std::string header_text;
  std::string log_format;
};

void declare(mrf::cli::Command& command, mrf::collect::CollectOptions& options, Words& words) {
  mrf::cli::OptionSet& app = command.options();
  app.add_option("--order ORDER", words.order, "rows (default), seq, any or concat");
  app.add_option("-c,--chunk-size N", options.chunk, "records of a turn with --order rows (default 1000)");
  app.add_flag("--ragged", options.ragged,
               "with --order rows: skip inputs that have ended (default: status 3)");
  app.add_option("--counts FILE", options.counts,
                 "compare the number of records of each input with mrf-distribute --stats FILE");
  app.add_option("--record FORM", words.record,
                 std::string(mrf::record::record_form_names) + " (default line)");
  app.add_flag("--sam", options.sam, "the lines are SAM: header lines start with '@', numbers are tags");
  app.add_flag("--no-header", options.headless, "with --sam: every line is a record");
  app.add_flag("--same-header", options.same_header,
               "every input must have the same header (default: they may differ)");
  app.add_flag("--repeated-headers", options.repeats_headers,
               "a header of SAM, VCF or another format may begin several inputs (default: status 3)");
  app.add_option("--header-prefix STR", options.header_form.prefix,
                 "the lines at the top that start with STR are the header, the same in all inputs");
  app.add_option("--header-lines K", options.header_form.lines,
                 "the first K lines are the header, the same in all inputs (default 0)");
  app.add_option("--header PATH", words.header, "copy PATH to the output, before the records");
  app.add_option("--header-text FILE", words.header_text,
                 "write the header text in FILE, before the records");
  app.add_size("--buffer", options.buffer, "memory for records that cannot be written yet (default 256M)");
  app.add_flag("--spool", options.spools,
               "read on while the output is blocked, and hold what it does not take (default: wait)");
  app.add_flag("--until-read", options.until_read,
               "with --spool: status 1 when the reader ends before it has read all (default: success)");
  app.add_option("--reopen N", options.rounds, "read every input N times (default 1)");
  app.add_option("-o,--output OUT", options.output, "write to OUT instead of standard output");
  app.add_option("-@,--threads N", options.threads, "additional threads for compression (default 0)");
  app.add_option("-l,--level LEVEL", options.level,
                 "compression level of BGZF output, 0 to 9 (default 6 for .gz and .bgz, else 0)");
  app.add_option("--log-every N", options.log_every,
                 "print the rate on standard error every N records (default 0: never)");
  app.add_option("--log-format FORMAT", words.log_format, "text of the line of --log-every");
  app.add_option("inputs", options.inputs);
}

mrf::base::Status run(mrf::cli::Command& command, mrf::collect::CollectOptions& options, const Words& words) {
  if (!words.order.empty()) options.order = mrf::collect::parse_collect_order(words.order);
  if (!words.record.empty()) options.record = mrf::record::parse_record_form(words.record);
  if (!words.header.empty() && !words.header_text.empty()) {
    throw mrf::base::UsageError("use option", "--header-text", "--header gives a header already");
  }
  options.header = words.header + words.header_text;
  if (!words.log_format.empty()) {
    if (options.log_every == 0)
      throw mrf::base::UsageError("use option", "--log-format", "--log-every is not given");
    options.log_format = words.log_format;
  }
  command.keep_from_stats(options.output);
  mrf::collect::collect(options, command.stats());
  mrf::io::note_counts(command.stats());
  return mrf::base::Status::success;
}

}  // namespace

int main(int argc, char** argv) try {
  mrf::collect::CollectOptions options;
  Words words;
  mrf::cli::Command command("mrf-collect", "[options] INPUT...",
                            "Collects the records of several streams into one.",
                            {mrf::codec::inflate_library(), mrf::codec::bgzf_library()});
  declare(command, options, words);
  return command.run(argc, argv, [&] { return run(command, options, words); });
} catch (...) {
  return mrf::cli::status_of_current_exception("mrf-collect");
}
