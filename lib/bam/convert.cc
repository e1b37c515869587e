// SPDX-License-Identifier: MIT
#include "bam/convert.h"

#include <fmt/format.h>

#include "sys/error.h"
#include "sys/io.h"
#include "sys/message.h"
#include "sys/ordered_pool.h"

namespace mrf::bam {

namespace {

struct Job {
  Batch batch;
  std::unique_ptr<Selector> selector;
};

class Conversion {
 public:
  Conversion(Source& source, Encoder& encoder, OutputFile& output, const ConvertOptions& options,
             Stats& stats)
      : source_(source), encoder_(encoder), output_(output), options_(options), stats_(stats) {}

  void run() {
    Buffer frame;
    encoder_.begin(source_.header(), frame);
    write(frame);
    if (!options_.header_only) run_records();
    frame.clear();
    encoder_.end(frame);
    write(frame);
    if (!options_.header_only) check_end();
  }

 private:
  void run_records() {
    OrderedPool<Job> pool(
        options_.threads, [this](Job& job) { work(job); }, [this](Job& job) { deliver(job.batch); });
    std::exception_ptr failure;
    try {
      while (source_.fill(pool.next().batch)) pool.submit();
    } catch (const Error&) {
      failure = std::current_exception();
    }
    pool.finish();
    if (failure) std::rethrow_exception(failure);
  }

  void work(Job& job) {
    if (!job.selector) job.selector = std::make_unique<Selector>(options_.selection);
    Batch& batch = job.batch;
    const sam_hdr_t& header = source_.header();
    source_.decode(batch, [&](bam1_t& record) {
      if (!batch.reason.empty() || !job.selector->passes(header, record)) return;
      if (const char* reason = encoder_.add(header, record, batch); reason != nullptr) {
        batch.reason = fmt::format("read '{}': {}", bam_get_qname(&record), reason);
        batch.bad_line = batch.lines;
        return;
      }
      ++batch.records_out;
    });
    encoder_.close(batch);
  }

  void deliver(Batch& batch) {
    write(batch.out);
    stats_.records_in += batch.records_in;
    stats_.records_out += batch.records_out;
    if (!batch.reason.empty()) fail(batch);
    lines_ += batch.lines;
    if (batch.failure) std::rethrow_exception(batch.failure);
  }

  [[noreturn]] void fail(const Batch& batch) const {
    const std::string where = batch.bad_line > 0
                                  ? fmt::format("line {}", source_.header_lines() + lines_ + batch.bad_line)
                                  : fmt::format("record {}", stats_.records_in + 1);
    throw DataError("read", source_.name(), where + ": " + batch.reason);
  }

  void check_end() const {
    const char* reason = source_.what_is_missing();
    if (reason == nullptr) return;
    if (!options_.allow_truncated) throw DataError("read", source_.name(), reason);
    warn(fmt::format("the input '{}' is {}", source_.name(), reason));
  }

  void write(const Buffer& bytes) { write_all(output_.fd(), output_.name(), bytes.view(), stats_.out); }

  Source& source_;
  Encoder& encoder_;
  OutputFile& output_;
  const ConvertOptions& options_;
  Stats& stats_;
  std::uint64_t lines_ = 0;
};

}  // namespace

void convert(Source& source, Encoder& encoder, OutputFile& output, const ConvertOptions& options,
             Stats& stats) {
  Conversion(source, encoder, output, options, stats).run();
}

}  // namespace mrf::bam
