// SPDX-License-Identifier: MIT
#include "collect/collector.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <bit>
#include <cerrno>

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
      held_limit_(held_limit(options)),
      pool_(block_size(options)),
      spill_(block_size(options)),
      settings_{form_of(options), header_form_of(options), options.rounds},
      header_settings_(header_settings(options)) {
  open_inputs();
  refuse_doubles();
}

Collector::~Collector() {
  for (const auto& input : inputs_) stats_.records_in += input->records();
  stats_.records_out = records_gone();
  stats_.outputs.push_back({options_.output, stats_.records_out, stats_.out.bytes});
}

void Collector::open_inputs() {
  io::raise_open_file_limit();
  const Input::Shared shared{pool_, spill_, references_};
  if (!options_.header.empty()) {
    header_ = std::make_unique<Input>(options_.header, header_settings_, HeaderUse{}, shared, header_count_);
    all_.push_back(header_.get());
  }
  if (!options_.counts.empty() && is_there_and_no_file(options_.counts)) open_counts();
  for (const auto& path : options_.inputs) stats_.inputs.push_back({path, 0, 0});
  for (std::size_t i = 0; i < options_.inputs.size(); ++i) {
    inputs_.push_back(
        std::make_unique<Input>(options_.inputs[i], settings_, header_use(i), shared, stats_.inputs[i]));
    all_.push_back(inputs_.back().get());
    io::enlarge_pipe(inputs_.back()->channel().fd(),
                     std::min(io::most_pipe_bytes, all_pipes / options_.inputs.size()));
  }
}

void Collector::open_counts() {
  counts_ = std::make_unique<Input>(options_.counts, counts_settings_, HeaderUse{},
                                    Input::Shared{pool_, spill_, references_}, counts_count_);
  all_.push_back(counts_.get());
}

bool Collector::has_preambles() const { return settings_.header.is_named(); }

HeaderUse Collector::header_use(std::size_t input) {
  if (header_) return {HeaderUse::Way::drop};
  if (options_.same_header || options_.header_form.is_named())
    return {HeaderUse::Way::compare, &common_header_};
  return {input == 0 ? HeaderUse::Way::keep : HeaderUse::Way::drop};
}

void Collector::refuse_doubles() const {
  for (std::size_t i = 0; i < all_.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const bool both_stdin = all_[i]->name() == io::stdin_name && all_[j]->name() == io::stdin_name;
      if (both_stdin || all_[i]->channel().is_same(all_[j]->channel())) {
        throw base::UsageError("use input", all_[i]->name(), "given twice");
      }
    }
  }
}

void Collector::refuse_output(const io::OutputFile& output) const {
  for (const Input* input : all_) {
    if (!input->channel().is_same(output.fd())) continue;
    throw base::UsageError("use output", output.name(),
                           fmt::format("the same file as input '{}'", input->name()));
  }
}

record::SequencePlace Collector::sequence_place() const {
  if (options_.record.kind == record::RecordForm::Kind::bam) return record::SequencePlace::aux;
  return options_.sam ? record::SequencePlace::tag : record::SequencePlace::column;
}

std::unique_ptr<Order> Collector::make_order() const {
  switch (options_.order) {
    case CollectOptions::Order::rows:
      return make_rows_order(inputs_, options_.chunk, options_.ragged);
    case CollectOptions::Order::seq:
      return make_sequence_order(inputs_, sequence_place(), options_.record);
    case CollectOptions::Order::concat:
      return make_concat_order(inputs_);
    case CollectOptions::Order::any:
      break;
  }
  return make_any_order(inputs_);
}

void Collector::write_header(BatchedOutput& output) {
  if (header_) {
    for (header_->pass(output); !header_->is_over(); header_->pass(output)) {
      fetch([&](const Input& input) { return &input == header_.get(); }, output);
    }
  } else if (options_.same_header || options_.header_form.is_named()) {
    wait_for_common_header(output);
    output.copy(common_header_.text());
  } else if (has_preambles()) {
    Input& first = *inputs_.front();
    while (!first.is_past_header()) {
      fetch([&](const Input& input) { return &input == &first; }, output);
    }
    output.copy(first.header());
  }
}

// Any input may be the first to show it; those that have nothing show none.
void Collector::wait_for_common_header(BatchedOutput& output) {
  const Wanted wanted = [&](const Input& input) {
    return &input != counts_.get() && !input.is_past_header();
  };
  while (!common_header_.is_whole() &&
         std::any_of(inputs_.begin(), inputs_.end(), [&](const auto& input) { return wanted(*input); })) {
    fetch(wanted, output);
  }
}

std::uint64_t Collector::records_gone() const {
  std::uint64_t records = 0;
  for (const auto& input : inputs_) records += input->records_gone();
  return records;
}

void Collector::write_round(BatchedOutput& output) {
  const auto order = make_order();
  const Wanted wanted = [&](const Input& input) { return order->wants(input); };
  while (!order->advance(output)) {
    if (log_.is_on()) log_.update(records_gone());
    fetch(wanted, output);
  }
}

// A pipe has been read all along, so that its writer did not have to wait; a file is whole only now.
void Collector::check_counts(BatchedOutput& output) {
  if (!counts_) open_counts();
  std::string text;
  while (!counts_->is_over()) {
    while (counts_->has_records()) {
      const Chunk& chunk = counts_->front();
      text += chunk.bytes;
      counts_->drop(chunk.bytes.size(), chunk.records);
    }
    if (!counts_->is_over()) {
      fetch([&](const Input& input) { return &input == counts_.get(); }, output);
    }
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
  if (log_.is_on()) log_.update(records_gone());
}

// Reads what is wanted, or holds what the others have.
void Collector::fetch(const Wanted& wanted, BatchedOutput& output) {
  if (try_single(wanted)) return;
  watch(wanted);
  if (rounds_without_wanted_ > 1) output.flush();
  wait(output);
  if (read_reported(wanted, true)) {
    rounds_without_wanted_ = 0;
  } else if (read_reported(wanted, false)) {
    ++rounds_without_wanted_;
  }
}

// The usual case, without poll(2).
bool Collector::try_single(const Wanted& wanted) {
  Input* single = nullptr;
  for (Input* input : all_) {
    if (input->is_read() || !wanted(*input)) continue;
    if (single != nullptr) return false;
    single = input;
  }
  return single != nullptr && single->channel().may_read() && single->read(stats_.in, Input::Hold::in_memory);
}

void Collector::watch(const Wanted& wanted) {
  polled_.clear();
  polled_inputs_.clear();
  for (Input* input : all_) {
    if (input->is_read() || (input->channel().is_file() && !wanted(*input))) continue;
    polled_.push_back({input->channel().fd().get(), POLLIN, 0});
    polled_inputs_.push_back(input);
  }
}

void Collector::wait(BatchedOutput& output) {
  const io::WaitTimer timer(stats_.in);
  const bool has_more = std::any_of(polled_inputs_.begin(), polled_inputs_.end(),
                                    [](const Input* input) { return input->channel().has_more(); });
  int timeout = output.empty() && !has_more ? -1 : 0;
  for (;;) {
    const int reported = ::poll(polled_.data(), polled_.size(), timeout);
    if (reported > 0 || (reported == 0 && has_more)) return;
    if (reported < 0 && errno != EINTR) throw base::SystemError("wait for", "inputs");
    if (reported == 0) {
      output.flush();
      timeout = -1;
    }
  }
}

bool Collector::read_reported(const Wanted& wanted, bool is_wanted) {
  bool any = false;
  for (std::size_t i = 0; i < polled_.size(); ++i) {
    Input& input = *polled_inputs_[i];
    if ((polled_[i].revents == 0 && !input.channel().has_more()) || wanted(input) != is_wanted) continue;
    if (polled_[i].revents != 0) input.channel().report();
    any = input.read(stats_.in, is_wanted ? Input::Hold::in_memory : hold()) || any;
  }
  return any;
}

Input::Hold Collector::hold() const {
  return pool_.used() > held_limit_ ? Input::Hold::on_disk : Input::Hold::in_memory;
}

}  // namespace mrf::collect
