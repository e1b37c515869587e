// SPDX-License-Identifier: MIT
#include "join/collect.h"

#include "join/collector.h"
#include "sys/error.h"
#include "sys/output_file.h"

namespace mrf {

namespace {

void check(const CollectOptions& options) {
  using Kind = RecordForm::Kind;
  if (options.inputs.empty()) throw UsageError("read", "inputs", "none given");
  if (options.chunk == 0) throw UsageError("use chunk size", "0", "a turn has one record at least");
  if (options.record.kind == Kind::bam) throw UsageError("use record form", "bam", "BAM is not joined here");
  if (options.sam && options.record.kind != Kind::line) {
    throw UsageError("use option", "--sam", "SAM records are lines");
  }
  if (options.order == CollectOptions::Order::seq && options.record.kind == Kind::fixed) {
    throw UsageError("use option", "--order seq", "records of fixed size have no room for a number");
  }
  if (options.ragged && options.order != CollectOptions::Order::rows) {
    throw UsageError("use option", "--ragged", "only --order rows counts records");
  }
  if (options.output.ends_with(".gz")) {
    throw UsageError("write", options.output, "compressed output is not supported");
  }
}

// The number stands in front of the '@': the four lines are cut without a look at them.
RecordForm as_numbered(const CollectOptions& options) {
  const bool is_fastq = options.record.kind == RecordForm::Kind::fastq;
  return is_fastq && options.order == CollectOptions::Order::seq ? RecordForm{RecordForm::Kind::lines, 4}
                                                                 : options.record;
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
  collector.run(output.fd(), output.name());
  output.commit();
}

}  // namespace mrf
