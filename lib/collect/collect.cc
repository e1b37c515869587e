// SPDX-License-Identifier: MIT
#include "collect/collect.h"

#include <fmt/format.h>

#include <utility>

#include "base/error.h"
#include "codec/bgzf.h"
#include "collect/collector.h"
#include "collect/sink.h"
#include "io/io.h"
#include "io/output_file.h"
#include "io/source.h"

namespace mrf::collect {

namespace {

constexpr int default_level = 6;  // that of bgzip(1)

bool is_bgzf(const CollectOptions& options) {
  return codec::has_gzip_name(options.output) || options.record.kind == record::RecordForm::Kind::bam;
}

void check_rounds(const CollectOptions& options) {
  if (options.rounds == 0)
    throw base::UsageError("use option", "--reopen", "every input is read once at least");
  if (options.rounds == 1) return;
  for (const auto& path : options.inputs) {
    if (path == "-")
      throw base::UsageError("use option", "--reopen", "standard input cannot be opened again");
    if (io::is_anonymous_pipe(path)) {
      throw base::UsageError("use option", "--reopen",
                             fmt::format("'{}', a pipe without a name, cannot be opened again", path));
    }
  }
}

void check_compression(const CollectOptions& options) {
  if (options.level && !is_bgzf(options)) {
    throw base::UsageError("use option", "--level",
                           "only a name that ends in .gz, or --record bam, is compressed");
  }
  if (options.level && (*options.level < 0 || *options.level > 9)) {
    throw base::UsageError("use level", std::to_string(*options.level), "not between 0 and 9");
  }
}

void check_header(const CollectOptions& options) {
  const record::HeaderForm& form = options.header_form;
  const bool is_bam = options.record.kind == record::RecordForm::Kind::bam;
  if (!form.prefix.empty() && form.lines > 0)
    throw base::UsageError("use option", "--header-lines", "--header-prefix names the header already");
  if (form.is_named() && (is_bam || (options.sam && !options.headless))) {
    throw base::UsageError("use option", form.prefix.empty() ? "--header-lines" : "--header-prefix",
                           "SAM and BAM have their own header");
  }
  if (!options.same_header) return;
  if (!is_bam && !form.is_named() && (!options.sam || options.headless))
    throw base::UsageError("use option", "--same-header",
                           "the inputs have no header without --sam or --record bam");
  if (!options.header.empty())
    throw base::UsageError("use option", "--same-header",
                           "--header and --header-text drop the headers of the inputs");
}

void check(const CollectOptions& options) {
  using Kind = record::RecordForm::Kind;
  if (options.inputs.empty()) throw base::UsageError("read", "inputs", "none given");
  if (options.chunk == 0) throw base::UsageError("use chunk size", "0", "a turn has one record at least");
  if (options.record.kind == Kind::bam && !options.header.empty()) {
    throw base::UsageError("use option", "--header", "BAM streams have their own");
  }
  if (options.sam && options.record.kind != Kind::line) {
    throw base::UsageError("use option", "--sam", "SAM records are lines");
  }
  if (options.headless && !options.sam)
    throw base::UsageError("use option", "--no-header", "only --sam looks for header lines");
  check_header(options);
  if (options.order == CollectOptions::Order::seq && !record::has_room_for_number(options.record)) {
    throw base::UsageError("use option", "--order seq", "records of this form have no room for a number");
  }
  if (options.ragged && options.order != CollectOptions::Order::rows) {
    throw base::UsageError("use option", "--ragged", "only --order rows counts records");
  }
  if (!options.counts.empty() && options.rounds > 1) {
    throw base::UsageError("use option", "--counts", "it tells of one round, and --reopen asks for more");
  }
  check_rounds(options);
  check_compression(options);
}

std::unique_ptr<Sink> make_sink(const CollectOptions& options, SinkFile file) {
  if (!is_bgzf(options)) return make_plain_sink(std::move(file));
  const int level = options.level.value_or(codec::has_gzip_name(options.output) ? default_level : 0);
  return make_bgzf_sink(std::move(file), level, options.threads);
}

// The next program in a pipe sees no status: SAM that ends in the middle of a line that is no record is not
// taken for a whole one, as BGZF without its end-of-file block is not.
void leave_unfinished(const io::OutputFile& output, io::Meter& meter) {
  if (!output.is_direct()) return;
  try {
    io::write_all(output.fd(), output.name(), "*", meter);
  } catch (const base::Error&) {  // the first failure is what the user is told
  }
}

}  // namespace

CollectOptions::Order parse_collect_order(const std::string& text) {
  if (text == "rows") return CollectOptions::Order::rows;
  if (text == "seq") return CollectOptions::Order::seq;
  if (text == "any") return CollectOptions::Order::any;
  if (text == "concat") return CollectOptions::Order::concat;
  throw base::UsageError("use order", text, "not one of rows, seq, any, concat");
}

void collect(const CollectOptions& options, io::Stats& stats) {
  check(options);
  Collector collector(options, stats);
  io::OutputFile output(options.output);
  collector.refuse_output(output);
  io::enlarge_pipe(output.fd(), io::most_pipe_bytes);
  const auto sink = make_sink(options, {output.fd(), output.name(), stats.out});
  try {
    collector.run(*sink);
  } catch (const base::ClosedOutput&) {
    throw;
  } catch (...) {
    if (options.sam && !options.headless && !is_bgzf(options)) leave_unfinished(output, stats.out);
    throw;
  }
  output.commit();
}

}  // namespace mrf::collect
