// SPDX-License-Identifier: MIT
#include "collect/collect.h"

#include <fmt/format.h>

#include <utility>

#include "base/error.h"
#include "collect/collector.h"
#include "collect/sink.h"
#include "io/output_file.h"
#include "io/source.h"

namespace mrf {

namespace {

constexpr int default_level = 6;  // that of bgzip(1)

bool is_bgzf(const CollectOptions& options) {
  return options.output.ends_with(".gz") || options.record.kind == RecordForm::Kind::bam;
}

void check_rounds(const CollectOptions& options) {
  if (options.rounds == 0) throw UsageError("use option", "--reopen", "every input is read once at least");
  if (options.rounds == 1) return;
  for (const auto& path : options.inputs) {
    if (path == "-") throw UsageError("use option", "--reopen", "standard input cannot be opened again");
    if (is_anonymous_pipe(path)) {
      throw UsageError("use option", "--reopen",
                       fmt::format("'{}', a pipe without a name, cannot be opened again", path));
    }
  }
}

void check_compression(const CollectOptions& options) {
  if (options.level && !is_bgzf(options)) {
    throw UsageError("use option", "--level", "only a name that ends in .gz, or --record bam, is compressed");
  }
  if (options.level && (*options.level < 0 || *options.level > 9)) {
    throw UsageError("use level", std::to_string(*options.level), "not between 0 and 9");
  }
}

void check(const CollectOptions& options) {
  using Kind = RecordForm::Kind;
  if (options.inputs.empty()) throw UsageError("read", "inputs", "none given");
  if (options.chunk == 0) throw UsageError("use chunk size", "0", "a turn has one record at least");
  if (options.record.kind == Kind::bam && !options.header.empty()) {
    throw UsageError("use option", "--header", "BAM streams have their own");
  }
  if (options.sam && options.record.kind != Kind::line) {
    throw UsageError("use option", "--sam", "SAM records are lines");
  }
  if (options.headless && !options.sam)
    throw UsageError("use option", "--no-header", "only --sam looks for header lines");
  if (options.order == CollectOptions::Order::seq && !has_room_for_number(options.record)) {
    throw UsageError("use option", "--order seq", "records of this form have no room for a number");
  }
  if (options.ragged && options.order != CollectOptions::Order::rows) {
    throw UsageError("use option", "--ragged", "only --order rows counts records");
  }
  if (!options.counts.empty() && options.rounds > 1) {
    throw UsageError("use option", "--counts", "it tells of one round, and --reopen asks for more");
  }
  check_rounds(options);
  check_compression(options);
}

// The number stands in front of the '@': the four lines are cut without a look at them.
RecordForm as_numbered(const CollectOptions& options) {
  const bool is_fastq = options.record.kind == RecordForm::Kind::fastq;
  return is_fastq && options.order == CollectOptions::Order::seq ? RecordForm{RecordForm::Kind::lines, 4}
                                                                 : options.record;
}

std::unique_ptr<Sink> make_sink(const CollectOptions& options, SinkFile file) {
  if (!is_bgzf(options)) return make_plain_sink(std::move(file));
  const int level = options.level.value_or(options.output.ends_with(".gz") ? default_level : 0);
  return make_bgzf_sink(std::move(file), level, options.threads);
}

}  // namespace

CollectOptions::Order parse_collect_order(const std::string& text) {
  if (text == "rows") return CollectOptions::Order::rows;
  if (text == "seq") return CollectOptions::Order::seq;
  if (text == "any") return CollectOptions::Order::any;
  if (text == "concat") return CollectOptions::Order::concat;
  throw UsageError("use order", text, "not one of rows, seq, any, concat");
}

void collect(const CollectOptions& wanted, Stats& stats) {
  check(wanted);
  CollectOptions options = wanted;
  options.record = as_numbered(wanted);
  Collector collector(options, stats);
  OutputFile output(options.output);
  collector.refuse_output(output);
  enlarge_pipe(output.fd(), most_pipe_bytes);
  const auto sink = make_sink(options, {output.fd(), output.name(), stats.out});
  collector.run(*sink);
  output.commit();
}

}  // namespace mrf
