// SPDX-License-Identifier: MIT
#pragma once

#include <poll.h>

#include <functional>
#include <memory>
#include <vector>

#include "collect/collect.h"
#include "collect/order.h"
#include "collect/rate_log.h"
#include "io/output_file.h"

namespace mrf::collect {

/// One loop over all inputs: what the order waits for comes first; when it has nothing, the others are
/// read and held, so that no writer has to wait for another one.
class Collector {
 public:
  /// Opens the inputs. What is referred to outlives the collector. Throws Error.
  Collector(const CollectOptions& options, io::Stats& stats);
  ~Collector();
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  /// Throws UsageError when what is written to `output` would be read again: its end would never come.
  void refuse_output(const io::OutputFile& output) const;
  /// Throws Error.
  void run(Sink& sink);

 private:
  using Wanted = std::function<bool(const Input&)>;

  void open_inputs();
  void open_counts();
  void refuse_doubles() const;
  bool has_preambles() const;
  HeaderUse header_use(std::size_t input);
  void wait_for_common_header(BatchedOutput& output);
  record::SequencePlace sequence_place() const;
  std::unique_ptr<Order> make_order() const;
  void write_header(BatchedOutput& output);
  void write_round(BatchedOutput& output);
  void check_counts(BatchedOutput& output);
  std::uint64_t records_gone() const;
  void fetch(const Wanted& wanted, BatchedOutput& output);
  bool try_single(const Wanted& wanted);
  void watch(const Wanted& wanted);
  void wait(BatchedOutput& output);
  bool read_reported(const Wanted& wanted, bool is_wanted);
  Input::Hold hold() const;

  const CollectOptions& options_;
  io::Stats& stats_;
  RateLog log_;
  const std::size_t held_limit_;
  BlockPool pool_;
  SpillFile spill_;
  BamReferences references_;
  CommonHeader common_header_;
  const InputSettings settings_;
  const InputSettings header_settings_;
  const InputSettings counts_settings_{{record::RecordForm::Kind::fixed}};
  Inputs inputs_;
  std::unique_ptr<Input> header_;
  io::StreamCount header_count_;
  std::unique_ptr<Input> counts_;
  io::StreamCount counts_count_;
  std::vector<Input*> all_;
  std::vector<pollfd> polled_;
  std::vector<Input*> polled_inputs_;
  unsigned rounds_without_wanted_ = 0;
};

}  // namespace mrf::collect
