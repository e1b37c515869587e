// SPDX-License-Identifier: MIT
#include "split/distribute.h"

#include <memory>

#include "split/input.h"
#include "split/outputs.h"
#include "split/target.h"
#include "sys/error.h"

namespace mrf {

namespace {

class Distributor {
 public:
  Distributor(const DistributeOptions& options, Stats& stats)
      : options_(options), stats_(stats), outputs_(all_outputs(options), stats), dealer_(make_dealer()) {}

  void run() {
    try {
      for (const auto& path : options_.inputs) deal(path);
      outputs_.finish();
    } catch (const Error&) {
      outputs_.abandon();
      throw;
    }
  }

 private:
  static std::vector<std::string> all_outputs(const DistributeOptions& options) {
    std::vector<std::string> paths = options.outputs;
    if (!options.header_to.empty()) paths.push_back(options.header_to);
    refuse_same_outputs(paths);
    return paths;
  }

  std::unique_ptr<Dealer> make_dealer() {
    const std::size_t ways = options_.outputs.size();
    const ChunkSize& chunk = options_.chunk;
    if (options_.stamp) return make_stamping_dealer(outputs_, ways, chunk, options_.stamp_place);
    if (chunk.bytes == 0) return make_record_dealer(outputs_, ways, chunk.records);
    return make_byte_dealer(outputs_, ways, chunk.bytes, options_.count_records);
  }

  void deal(const std::string& path) {
    Input input(path, options_.form, outputs_, stats_);
    if (options_.header.is_named()) pass_header(input);
    dealer_->deal(input);
  }

  // Only the first input's header goes anywhere; the others' lines are no records either.
  void pass_header(Input& input) {
    HeaderScanner scanner(options_.header);
    for (bool more = true; !scanner.is_over();) {
      const std::string_view lines = input.view().substr(0, scanner.take(input.view(), !more));
      if (!header_is_out_) put_header(lines);
      input.drop({lines.size(), 0});
      if (!scanner.is_over() && more) more = input.more();
    }
    if (!header_is_out_ && !options_.header_to.empty()) outputs_.close(options_.outputs.size());
    header_is_out_ = true;
  }

  void put_header(std::string_view lines) {
    if (lines.empty()) return;
    const std::string_view rest = lines.ends_with('\n') ? "" : "\n";
    const std::size_t first = options_.header_broadcast ? 0 : options_.outputs.size();
    const std::size_t end = options_.outputs.size() + (options_.header_to.empty() ? 0 : 1);
    for (std::size_t output = first; output < end; ++output) {
      outputs_.put(output, lines);
      outputs_.put(output, rest);
    }
  }

  const DistributeOptions& options_;
  Stats& stats_;
  Outputs outputs_;
  std::unique_ptr<Dealer> dealer_;
  bool header_is_out_ = false;
};

}  // namespace

void distribute(const DistributeOptions& options, Stats& stats) { Distributor(options, stats).run(); }

}  // namespace mrf
