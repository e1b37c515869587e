// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <vector>

#include "collect/collect.h"
#include "collect/order.h"
#include "collect/rate_log.h"
#include "collect/selector.h"
#include "io/output_file.h"

namespace mrf::collect {

/// Opens the inputs and writes their headers and records as the order says.
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
  void open_inputs();
  void open_counts();
  std::vector<Input*> all_inputs() const;
  void refuse_doubles() const;
  bool has_preambles() const;
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
  BlockPool pool_;
  SpillFile spill_;
  BamReferences references_;
  CommonHeader common_header_;
  std::uint64_t records_gone_ = 0;
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

}  // namespace mrf::collect
