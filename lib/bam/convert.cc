// SPDX-License-Identifier: MIT
#include "bam/convert.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/message.h"
#include "codec/ordered_pool.h"

namespace mrf::bam {

namespace {

struct Job {
  Batch batch;
  std::unique_ptr<Selector> selector;
};

/// The entry of one input in the statistics, which is whole when this ends.
class InputCount {
 public:
  InputCount(Stats& stats, const std::string& name) : stats_(stats) {
    for (const auto& input : stats.inputs) {
      records_ += input.records;
      bytes_ += input.bytes;
    }
    stats.inputs.push_back({name, 0, 0, {}});
  }
  ~InputCount() {
    stats_.inputs.back().records = stats_.records_in - records_;
    stats_.inputs.back().bytes = stats_.in.bytes - bytes_;
  }
  InputCount(const InputCount&) = delete;
  InputCount& operator=(const InputCount&) = delete;

 private:
  Stats& stats_;
  std::uint64_t records_ = 0;  // of the inputs before
  std::uint64_t bytes_ = 0;
};

class Conversion {
 public:
  Conversion(SourceList& sources, Encoder& encoder, OutputFile& output, const ConvertOptions& options,
             Stats& stats)
      : sources_(sources), encoder_(encoder), output_(output, stats.out), options_(options), stats_(stats) {
    enlarge_pipe(output.fd(), most_pipe_bytes);
  }

  void run() {
    encoder_.begin(sources_.header(), output_);
    do {
      run_input();
    } while (sources_.next());
    encoder_.end(output_);
  }

 private:
  void run_input() {
    const InputCount count(stats_, sources_.current().name());
    if (options_.header_only) return;
    run_source();
    // What misses only its end is written as a whole file before it is refused.
    const char* missing = sources_.current().what_is_missing();
    if (missing != nullptr && !options_.allow_truncated) {
      encoder_.end(output_);
      throw DataError("read", sources_.current().name(), missing);
    }
    if (missing != nullptr) warn(fmt::format("the input '{}' is {}", sources_.current().name(), missing));
  }

  void run_source() {
    Source& source = sources_.current();
    lines_ = 0;
    first_record_ = stats_.records_in;
    OrderedPool<Job> pool(
        options_.threads, [this](Job& job) { work(job); }, [this](Job& job) { deliver(job.batch); });
    std::exception_ptr failure;
    try {
      for (Job* job = &pool.next(); source.fill(job->batch); job = &pool.next()) {
        job->batch.turn = batches_++;
        pool.submit();
      }
    } catch (const Error&) {
      failure = std::current_exception();
    }
    pool.finish();
    if (failure) std::rethrow_exception(failure);
  }

  void work(Job& job) {
    if (!job.selector) job.selector = std::make_unique<Selector>(options_.selection);
    Batch& batch = job.batch;
    const auto take = [&](bam1_t& record) { take_record(record, job); };
    const bool raw = encoder_.takes_raw() && options_.selection.expression.empty();
    try {
      if (!raw || !pass(job, take)) sources_.current().decode(batch, take);
    } catch (...) {
      encoder_.give_up(batch);
      throw;
    }
    encoder_.close(batch);
  }

  void take_record(bam1_t& record, Job& job) {
    Batch& batch = job.batch;
    const sam_hdr_t& header = sources_.header();
    if (!batch.reason.empty() || !job.selector->passes(header, record)) return;
    if (const char* reason = encoder_.add(header, record, batch); reason != nullptr) {
      batch.reason = fmt::format("read '{}': {}", bam_get_qname(&record), reason);
      batch.bad_line = batch.lines;
      batch.bad_record = batch.records_in;
      return;
    }
    ++batch.records_out;
  }

  bool pass(Job& job, const RecordStep& take) {
    const auto wanted = [&](std::uint16_t flags, std::uint8_t mapq) {
      return job.selector->passes(flags, mapq);
    };
    const auto run = [&](std::string_view records, std::size_t count) {
      encoder_.add_raw(records, job.batch);
      job.batch.records_out += count;
    };
    return sources_.current().pass(job.batch, {wanted, run, take});
  }

  void deliver(Batch& batch) {
    encoder_.deliver(batch, output_);
    stats_.records_in += batch.records_in;
    stats_.records_out += batch.records_out;
    if (!batch.reason.empty()) fail(batch);
    lines_ += batch.lines;
    if (batch.failure) std::rethrow_exception(batch.failure);
  }

  [[noreturn]] void fail(const Batch& batch) const {
    const Source& source = sources_.current();
    const std::uint64_t before = stats_.records_in - first_record_ - batch.records_in;
    const std::uint64_t record = batch.bad_record > 0 ? batch.bad_record : batch.records_in + 1;
    const std::string where = batch.bad_line > 0
                                  ? fmt::format("line {}", source.header_lines() + lines_ + batch.bad_line)
                                  : fmt::format("record {}", before + record);
    throw DataError("read", source.name(), where + ": " + batch.reason);
  }

  SourceList& sources_;
  Encoder& encoder_;
  Output output_;
  const ConvertOptions& options_;
  Stats& stats_;
  std::uint64_t batches_ = 0;
  std::uint64_t first_record_ = 0;
  std::uint64_t lines_ = 0;
};

}  // namespace

void convert(SourceList& sources, Encoder& encoder, OutputFile& output, const ConvertOptions& options,
             Stats& stats) {
  Conversion(sources, encoder, output, options, stats).run();
}

}  // namespace mrf::bam
