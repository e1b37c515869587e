// SPDX-License-Identifier: MIT
#include "bam/convert.h"

#include <fmt/format.h>

#include <exception>
#include <utility>

#include "base/error.h"
#include "base/message.h"
#include "codec/pipeline.h"
#include "io/live_records.h"

namespace mrf::bam {

namespace {

struct Job {
  Batch batch;
  std::unique_ptr<Selector> selector;
};

/// The entry of one input in the statistics, which the destructor completes.
class InputCount {
 public:
  InputCount(io::Stats& stats, const std::string& name) : stats_(stats) {
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
  io::Stats& stats_;
  std::uint64_t records_ = 0;  // of the inputs before
  std::uint64_t bytes_ = 0;
};

class Conversion {
 public:
  Conversion(SourceList& sources, Encoder& encoder, io::OutputFile& output, const ConvertOptions& options,
             io::Stats& stats)
      : sources_(sources), encoder_(encoder), output_(output, stats.out), options_(options), stats_(stats) {
    io::enlarge_pipe(output.fd(), io::most_pipe_bytes);
  }

  void run() {
    encoder_.begin(sources_.header(), output_);
    try {
      do {
        run_input();
      } while (sources_.next());
    } catch (const base::ClosedOutput&) {
      throw;
    } catch (...) {
      break_off();
      throw;
    }
    encoder_.end(output_);
  }

 private:
  // The failure that came first is reported, and not one of breaking off.
  void break_off() noexcept {
    try {
      encoder_.break_off(output_);
    } catch (const std::exception&) {
      return;
    }
  }

  void run_input() {
    const InputCount count(stats_, sources_.current().name());
    deviations_ = sources_.current().deviations();
    if (!options_.header_only) run_source();
    sam::warn_of(deviations_, sources_.current().name().c_str());
    if (options_.header_only) return;
    const char* missing = sources_.current().what_is_missing();
    if (missing == nullptr) return;
    if (!options_.allow_truncated) throw base::DataError("read", sources_.current().name(), missing);
    base::warn(fmt::format("the input '{}' is {}", sources_.current().name(), missing));
  }

  // A batch is inflated, cut into records, turned into the output's form, divided into blocks, compressed,
  // written.
  void run_source() {
    constexpr std::size_t budget = std::size_t{48} << 20;
    Source& source = sources_.current();
    lines_ = 0;
    first_record_ = stats_.records_in;
    codec::Pipeline<Job> pipeline(options_.threads,
                                  {{[&](Job& job) { source.open(job.batch); }, false},
                                   {[&](Job& job) { source.cut(job.batch); }, true},
                                   {[&](Job& job) { turn_over(job); }, false},
                                   {[&](Job& job) { encoder_.join(job.batch); }, true},
                                   {[&](Job& job) { encoder_.pack(job.batch); }, false},
                                   {[&](Job& job) { deliver(job.batch); }, true}},
                                  {.weigh = [](const Job& job) { return job.batch.excess(); },
                                   .budget = budget,
                                   .on_failure = [&] { sources_.stop_reading(); }});
    std::exception_ptr failure;
    try {
      for (;;) {
        Batch& batch = pipeline.next().batch;
        batch.reset();
        batch.number = batches_;
        if (!source.fill(batch)) break;
        ++batches_;
        pipeline.submit();
      }
    } catch (const ReadingStopped&) {
      // finish() throws the reason.
    } catch (const base::Error&) {
      failure = std::current_exception();
    }
    pipeline.finish();
    if (failure) std::rethrow_exception(failure);
  }

  void turn_over(Job& job) {
    if (!job.selector) job.selector = std::make_unique<Selector>(options_.selection);
    const auto take = [&](bam1_t& record) { take_record(record, job); };
    const bool all = options_.selection == Selection();
    job.batch.tag_check = encoder_.checks_tags() && all ? sam::TagCheck::later : sam::TagCheck::here;
    const bool raw = encoder_.takes_raw() && !options_.selection.looks_at_records();
    if (!raw || !pass(job, take)) sources_.current().decode(job.batch, take);
  }

  void take_record(bam1_t& record, Job& job) {
    Batch& batch = job.batch;
    const sam_hdr_t& header = sources_.header();
    if (!batch.reason.empty() || !job.selector->passes(header, record)) return;
    if (const std::string reason = encoder_.add(header, record, batch); !reason.empty()) {
      batch.reason = fmt::format("read '{}': {}", base::printable(bam_get_qname(&record)), reason);
      batch.bad_line = batch.lines;
      batch.bad_record = batch.records_in;
      return;
    }
    ++batch.records_out;
  }

  bool pass(Job& job, const RecordStep& take) {
    RawSteps steps;
    steps.record = take;
    if (options_.selection != Selection()) {
      steps.wanted = [&](std::uint16_t flags, std::uint8_t mapq) {
        return job.selector->passes(flags, mapq);
      };
    }
    steps.span = [&](std::string_view records, std::size_t count) {
      encoder_.add_raw(records, job.batch);
      job.batch.records_out += count;
    };
    return sources_.current().pass(job.batch, steps);
  }

  void deliver(Batch& batch) {
    encoder_.deliver(batch, output_);
    stats_.records_in += batch.records_in;
    stats_.records_out += batch.records_out;
    io::tell_live_records(stats_.records_in);
    deviations_.add(batch.deviations);
    if (!batch.reason.empty()) fail(batch);
    lines_ += batch.lines;
    if (batch.failure) std::rethrow_exception(batch.failure);
    batch.reset();
  }

  [[noreturn]] void fail(const Batch& batch) const {
    const Source& source = sources_.current();
    const std::uint64_t before = stats_.records_in - first_record_ - batch.records_in;
    const std::uint64_t record = batch.bad_record > 0 ? batch.bad_record : batch.records_in + 1;
    const std::string where = batch.bad_line > 0
                                  ? fmt::format("line {}", source.header_lines() + lines_ + batch.bad_line)
                                  : fmt::format("record {}", before + record);
    throw base::DataError("read", source.name(), where + ": " + batch.reason);
  }

  SourceList& sources_;
  Encoder& encoder_;
  Output output_;
  const ConvertOptions& options_;
  io::Stats& stats_;
  std::uint64_t batches_ = 0;
  std::uint64_t first_record_ = 0;
  std::uint64_t lines_ = 0;
  sam::DeviationCounts deviations_;  // of the current input
};

}  // namespace

void convert(SourceList& sources, Encoder& encoder, io::OutputFile& output, const ConvertOptions& options,
             io::Stats& stats) {
  Conversion(sources, encoder, output, options, stats).run();
}

}  // namespace mrf::bam
