// SPDX-License-Identifier: MIT
#include "collect/collector.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <bit>
#include <set>
#include <utility>

#include "base/error.h"
#include "collect/counts.h"
#include "io/io.h"

namespace mrf::collect {

namespace {

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
  const bool is_text = options.record.kind != Kind::nul && options.record.kind != Kind::fixed;
  return {{is_text ? Kind::line : Kind::fixed}};
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

bool is_there_and_no_file(const std::string& path) {
  struct stat info {};
  return path == "-" || (::stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode));
}

}  // namespace

Collector::Collector(const CollectOptions& options, io::Stats& stats)
    : options_(options),
      stats_(stats),
      log_(options.log_every, options.log_format),
      pool_(block_size(options)),
      spill_(block_size(options)),
      settings_{form_of(options), header_form_of(options), options.rounds},
      header_settings_(header_settings(options)),
      selector_(pool_, held_limit(options), stats.in) {
  open_inputs();
  refuse_doubles();
  for (Input* input : all_inputs()) selector_.add(*input);
}

Collector::~Collector() {
  for (const auto& input : inputs_) stats_.records_in += input->records();
  stats_.records_out = records_gone_;
  stats_.outputs.push_back({options_.output, stats_.records_out, stats_.out.bytes});
}

void Collector::open_inputs() {
  io::raise_open_file_limit();
  const Input::Shared shared{pool_, spill_, references_, records_gone_};
  if (!options_.header.empty()) {
    const Input::Shared aside{pool_, spill_, references_, lines_aside_};
    header_ = std::make_unique<Input>(options_.header, header_settings_, HeaderUse{}, aside, header_count_);
  }
  if (!options_.counts.empty() && is_there_and_no_file(options_.counts)) open_counts();
  for (const auto& path : options_.inputs) stats_.inputs.push_back({path, 0, 0});
  for (std::size_t i = 0; i < options_.inputs.size(); ++i) {
    inputs_.push_back(
        std::make_unique<Input>(options_.inputs[i], settings_, header_use(i), shared, stats_.inputs[i]));
    io::enlarge_pipe(inputs_.back()->channel().fd(),
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

bool Collector::has_preambles() const { return settings_.header.is_named(); }

HeaderUse Collector::header_use(std::size_t input) {
  if (header_) return {HeaderUse::Way::drop};
  if (options_.same_header || options_.header_form.is_named())
    return {HeaderUse::Way::compare, &common_header_};
  return {input == 0 ? HeaderUse::Way::keep : HeaderUse::Way::drop};
}

void Collector::refuse_doubles() const {
  bool has_stdin = false;
  std::set<std::pair<dev_t, ino_t>> seen;
  for (const Input* input : all_inputs()) {
    const bool is_stdin = input->name() == io::stdin_name;
    const auto identity = input->channel().identity();
    if ((is_stdin && std::exchange(has_stdin, true)) || (identity && !seen.insert(*identity).second))
      throw base::UsageError("use input", input->name(), "given twice");
  }
}

void Collector::refuse_output(const io::OutputFile& output) const {
  for (const Input* input : all_inputs()) {
    if (!input->channel().is_same(output.fd())) continue;
    throw base::UsageError("use output", output.name(),
                           fmt::format("the same file as input '{}'", input->name()));
  }
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
  } else if (has_preambles()) {
    Input& first = *inputs_.front();
    while (!first.is_past_header()) {
      selector_.want_only(first);
      selector_.read(output);
    }
    output.copy(first.header());
  }
  selector_.want_none();
}

// Any input may be the first to show it; those that have nothing show none.
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
    if (log_.is_on()) log_.update(records_gone_);
    for (Input* input : selector_.read(output)) order->note_read(*input);
  }
  selector_.want_none();
}

// A pipe has been read all along, so that its writer did not have to wait; a file is whole only now.
void Collector::check_counts(BatchedOutput& output) {
  if (!counts_) {
    open_counts();
    selector_.add(*counts_);
  }
  std::string text;
  while (!counts_->is_over()) {
    while (counts_->has_records()) {
      const Chunk& chunk = counts_->front();
      text += chunk.bytes;
      counts_->drop(chunk.bytes.size(), chunk.records);
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
  if (log_.is_on()) log_.update(records_gone_);
}

}  // namespace mrf::collect
