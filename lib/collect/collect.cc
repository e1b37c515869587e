// SPDX-License-Identifier: MIT
#include "collect/collect.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <bit>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/output_name.h"
#include "codec/bgzf.h"
#include "collect/counts.h"
#include "collect/order.h"
#include "collect/rate_log.h"
#include "collect/selector.h"
#include "collect/spool.h"
#include "io/fd.h"
#include "io/output_file.h"
#include "io/paths.h"

namespace mrf::collect {

namespace {

constexpr int default_level = 6;  // that of bgzip(1)

bool is_bgzf(const CollectOptions& options) {
  return base::has_gzip_name(options.output) || options.record.kind == record::RecordForm::Kind::bam;
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
                           "only a name that ends in .gz or .bgz, or --record bam, is compressed");
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
    throw base::UsageError("use option", "--counts", "its counts are those of one round; leave out --reopen");
  }
  if (options.spools && is_bgzf(options))
    throw base::UsageError("use option", "--spool", "it goes with an output that is not compressed");
  if (options.until_read && !options.spools)
    throw base::UsageError("use option", "--until-read", "it goes with --spool");
  check_rounds(options);
  check_compression(options);
  record::check_output_name(options.output, options.record);
}

// The next program in a pipe sees no status: SAM that ends in the middle of a line that is no record is not
// taken for a whole one, as BGZF without its end-of-file block is not.
void leave_unfinished(const io::OutputFile& output, io::Meter& meter) {
  if (!output.is_direct()) return;
  try {
    io::write_all(output.fd(), output.name(), "*", meter);
  } catch (const base::Error&) {  // the first failure is the one that is reported
  }
}

constexpr std::size_t largest_block = std::size_t{256} << 10;
constexpr std::size_t smallest_block = std::size_t{4} << 10;
constexpr std::size_t all_pipes = 16 * io::most_pipe_bytes;

constexpr std::size_t beside_buffer = std::size_t{16} << 20;

// Every input may fill a block and have another one loaded from the spill file. Smaller blocks would only
// make their list longer.
std::size_t block_size(const CollectOptions& options) {
  const std::uint64_t share = (options.buffer + beside_buffer) / (2 * options.inputs.size());
  return std::bit_floor(std::clamp<std::uint64_t>(share, smallest_block, largest_block));
}

std::size_t held_limit(const CollectOptions& options) {
  const std::uint64_t reserved = options.inputs.size() * block_size(options);
  return options.buffer > reserved ? options.buffer - reserved : 0;
}

// The header is copied, whatever it is; in text its last line gets its newline.
InputSettings header_settings(const CollectOptions& options) {
  using Kind = record::RecordForm::Kind;
  return {{record::is_without_lines(options.record) ? Kind::fixed : Kind::line}};
}

// The number stands in front of the '@': the four lines are cut without a look at them, which comes later.
record::RecordForm form_of(const CollectOptions& options) {
  const bool is_numbered = options.order == CollectOptions::Order::seq;
  if (is_numbered && options.record.kind == record::RecordForm::Kind::fastq)
    return {record::RecordForm::Kind::lines, 4};
  if (options.sam && !options.headless) return {record::RecordForm::Kind::sam};
  return options.record;
}

record::HeaderForm header_form_of(const CollectOptions& options) {
  if (options.record.kind == record::RecordForm::Kind::bam) return record::bam_header();
  return options.sam && !options.headless ? record::sam_header() : options.header_form;
}

// Single bytes stand for data whose records are not known, such as a compressed file, which an output that is
// compressed would compress a second time.
bool inflates_bytes(const CollectOptions& options) {
  return record::is_single_bytes(options.record) && base::has_gzip_name(options.output);
}

bool is_there_and_no_file(const std::string& path) {
  struct stat info {};
  return path == "-" || (::stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode));
}

/// Opens the inputs and writes their headers and records as the order says.
class Collector {
 public:
  /// Opens the inputs. `options` and `stats` outlive the collector. Throws Error.
  Collector(const CollectOptions& options, io::Stats& stats);
  ~Collector();
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  /// Throws UsageError when what is written to `output` would be read again: its end would never come.
  void refuse_output(const io::OutputFile& output) const;
  /// Where the output goes. Outlives neither the collector nor `output`.
  std::unique_ptr<Sink> make_sink(const io::OutputFile& output);
  /// Throws Error.
  void run(Sink& sink);

 private:
  void open_inputs();
  void open_counts();
  std::vector<Input*> all_inputs() const;
  void refuse_doubles() const;
  bool has_headers() const;
  bool may_repeat_headers() const;
  bool are_files() const;
  HeaderUse header_use(std::size_t input);
  void wait_for_common_header(BatchedOutput& output);
  record::SequencePlace sequence_place() const;
  std::unique_ptr<Order> make_order();
  void write_header(BatchedOutput& output);
  void write_round(BatchedOutput& output);
  void check_counts(BatchedOutput& output);

  const CollectOptions& options_;
  io::Stats& stats_;
  RateLog log_;
  io::BlockPool pool_;
  SpillFile spill_;
  BamReferences references_;
  CommonHeader common_header_;
  record::RepeatedHeaders repeated_headers_;
  std::uint64_t records_written_ = 0;
  std::uint64_t lines_aside_ = 0;
  const InputSettings settings_;
  const InputSettings header_settings_;
  const InputSettings counts_settings_{{record::RecordForm::Kind::fixed}};
  Inputs inputs_;
  std::unique_ptr<Input> header_;
  io::StreamCount header_count_;
  std::unique_ptr<Input> counts_;
  io::StreamCount counts_count_;
  Selector selector_;
};

Collector::Collector(const CollectOptions& options, io::Stats& stats)
    : options_(options),
      stats_(stats),
      log_(options.log_every, options.log_format),
      pool_(block_size(options)),
      spill_(block_size(options)),
      settings_{form_of(options), header_form_of(options), options.rounds, inflates_bytes(options)},
      header_settings_(header_settings(options)),
      selector_(pool_, held_limit(options), stats.in) {
  open_inputs();
  refuse_doubles();
  for (Input* input : all_inputs()) selector_.add(*input);
}

Collector::~Collector() {
  for (const auto& input : inputs_) stats_.records_in += input->records();
  stats_.counts_records_in = stats_.counts_records_out = !record::is_single_bytes(options_.record);
  stats_.records_out = records_written_;
  stats_.outputs.push_back({options_.output, stats_.records_out, stats_.out.bytes});
}

void Collector::open_inputs() {
  io::raise_open_file_limit();
  const Input::Shared shared{pool_, spill_, references_, records_written_,
                             may_repeat_headers() ? nullptr : &repeated_headers_};
  if (!options_.header.empty()) {
    const Input::Shared aside{pool_, spill_, references_, lines_aside_, shared.headers};
    header_ = std::make_unique<Input>(options_.header, header_settings_, HeaderUse{}, aside, header_count_);
  }
  if (!options_.counts.empty() && is_there_and_no_file(options_.counts)) open_counts();
  for (const auto& path : options_.inputs) stats_.inputs.push_back({path, 0, 0});
  for (std::size_t i = 0; i < options_.inputs.size(); ++i) {
    inputs_.push_back(
        std::make_unique<Input>(options_.inputs[i], settings_, header_use(i), shared, stats_.inputs[i]));
    io::enlarge_pipe(inputs_.back()->stream().fd(),
                     std::min(io::most_pipe_bytes, all_pipes / options_.inputs.size()));
  }
}

void Collector::open_counts() {
  counts_ = std::make_unique<Input>(options_.counts, counts_settings_, HeaderUse{},
                                    Input::Shared{pool_, spill_, references_, lines_aside_}, counts_count_);
}

// The inputs come first, as the orders number them.
std::vector<Input*> Collector::all_inputs() const {
  std::vector<Input*> all;
  for (const auto& input : inputs_) all.push_back(input.get());
  if (header_) all.push_back(header_.get());
  if (counts_) all.push_back(counts_.get());
  return all;
}

// Regular files need no spool: they can be read later.
bool Collector::are_files() const {
  return std::all_of(inputs_.begin(), inputs_.end(),
                     [](const auto& input) { return input->stream().is_file(); });
}

// Whether all inputs may begin with a header each. Records of which nothing is known may not, since the
// headers would come between records; but concatenated inputs may, as with cat(1).
bool Collector::may_repeat_headers() const {
  return options_.repeats_headers || options_.order == CollectOptions::Order::concat || options_.sam ||
         !record::may_begin_anyhow(options_.record);
}

bool Collector::has_headers() const { return settings_.header.is_named(); }

HeaderUse Collector::header_use(std::size_t input) {
  if (header_) return {HeaderUse::Way::drop};
  if (options_.same_header || options_.header_form.is_named())
    return {HeaderUse::Way::compare, &common_header_};
  return {input == 0 ? HeaderUse::Way::keep : HeaderUse::Way::drop};
}

void Collector::refuse_doubles() const {
  bool has_stdin = false;
  std::set<io::FileId> seen;
  for (const Input* input : all_inputs()) {
    const bool is_stdin = input->name() == io::stdin_name;
    const auto id = input->stream().id();
    if ((is_stdin && std::exchange(has_stdin, true)) || (id && !seen.insert(*id).second))
      throw base::UsageError("use input", input->name(), "given twice");
  }
}

void Collector::refuse_output(const io::OutputFile& output) const {
  for (const Input* input : all_inputs()) {
    if (!input->stream().is_same(output.fd())) continue;
    throw base::UsageError("use output", output.name(),
                           fmt::format("the same file as input '{}'", input->name()));
  }
}

std::unique_ptr<Sink> Collector::make_sink(const io::OutputFile& output) {
  if (options_.spools && (options_.until_read || !are_files())) {
    return std::make_unique<SpoolSink>(output.fd(), output.name(), stats_.out,
                                       SpoolSink::Memory{pool_, spill_, held_limit(options_)},
                                       selector_.reactor(), options_.until_read);
  }
  if (!is_bgzf(options_)) return make_plain_sink(output.fd(), output.name(), stats_.out);
  const int level = options_.level.value_or(base::has_gzip_name(options_.output) ? default_level : 0);
  return make_bgzf_sink(output.fd(), output.name(), stats_.out, level, options_.threads);
}

record::SequencePlace Collector::sequence_place() const {
  if (options_.record.kind == record::RecordForm::Kind::bam) return record::SequencePlace::aux;
  return options_.sam ? record::SequencePlace::tag : record::SequencePlace::column;
}

std::unique_ptr<Order> Collector::make_order() {
  switch (options_.order) {
    case CollectOptions::Order::rows:
      return make_rows_order(inputs_, selector_, options_.chunk, options_.ragged);
    case CollectOptions::Order::seq:
      return make_sequence_order(inputs_, selector_, sequence_place(), options_.record);
    case CollectOptions::Order::concat:
      return make_concat_order(inputs_, selector_);
    case CollectOptions::Order::any:
      // Bytes stand for data whose records are not known, such as a compressed file.
      if (record::is_single_bytes(options_.record)) return make_concat_order(inputs_, selector_);
      break;
  }
  return make_any_order(inputs_, selector_);
}

void Collector::write_header(BatchedOutput& output) {
  if (header_) {
    for (header_->pass(output); !header_->is_over(); header_->pass(output)) {
      selector_.want_only(*header_);
      selector_.read(output);
    }
  } else if (options_.same_header || options_.header_form.is_named()) {
    wait_for_common_header(output);
    output.copy(common_header_.text());
  } else if (has_headers()) {
    Input& first = *inputs_.front();
    while (!first.is_past_header()) {
      selector_.want_only(first);
      selector_.read(output);
    }
    output.copy(first.header());
  }
  selector_.want_none();
}

// Waits until an input has shown the whole header, or all have ended. Any input may be the first; an input
// without bytes has none.
void Collector::wait_for_common_header(BatchedOutput& output) {
  for (const auto& input : inputs_) {
    if (!input->is_past_header()) selector_.want(*input);
  }
  while (!common_header_.is_whole() && selector_.wanted() > 0) {
    for (Input* input : selector_.read(output)) {
      if (input->is_past_header()) selector_.unwant(*input);
    }
  }
}

void Collector::write_round(BatchedOutput& output) {
  const auto order = make_order();
  while (!order->advance(output)) {
    if (log_.is_on()) log_.update(records_written_);
    for (Input* input : selector_.read(output)) order->note_read(*input);
  }
  selector_.want_none();
}

// A pipe was read beside the inputs, so that its writer did not wait; a regular file is complete only when
// the inputs have ended.
void Collector::check_counts(BatchedOutput& output) {
  if (!counts_) {
    open_counts();
    selector_.add(*counts_);
  }
  std::string text;
  while (!counts_->is_over()) {
    while (counts_->has_records()) {
      const RecordBatch& batch = counts_->front();
      text += batch.bytes;
      counts_->drop(batch.bytes.size(), batch.records);
    }
    if (counts_->is_over()) break;
    selector_.want_only(*counts_);
    selector_.read(output);
  }
  compare_counts(parse_counts(text, counts_->name()), stats_.inputs, counts_->name());
}

void Collector::run(Sink& sink) {
  BatchedOutput output(sink, pool_);
  write_header(output);
  for (std::uint64_t round = 1;; ++round) {
    write_round(output);
    if (round == options_.rounds) break;
    for (const auto& input : inputs_) input->begin_round();
  }
  if (!options_.counts.empty()) check_counts(output);
  output.flush();
  sink.finish();
  if (log_.is_on()) log_.update(records_written_);
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
  const auto sink = collector.make_sink(output);
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
