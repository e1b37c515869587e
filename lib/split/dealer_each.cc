// SPDX-License-Identifier: MIT
#include "split/dealer_each.h"

#include <fmt/format.h>

#include <utility>

#include "base/error.h"

namespace mrf {

EachDealer::EachDealer(Outputs& outputs, Stats& stats, RecordForm form, std::unique_ptr<Picker> picker,
                       std::optional<Stamper> stamper, Missing missing)
    : outputs_(outputs),
      stats_(stats),
      form_(form),
      picker_(std::move(picker)),
      stamper_(stamper),
      missing_(missing) {}

void EachDealer::put(std::size_t output, std::string_view record) {
  if (stamper_) {
    stamper_->put(outputs_, output, record);
  } else {
    outputs_.put(output, record);
  }
}

// The worker of the record in hand; without one, the record is dealt with already.
std::optional<std::size_t> EachDealer::pick(const Records& records) {
  const auto worker = picker_->pick(records.record());
  if (worker) return worker;
  if (missing_.way == Missing::Way::error) {
    const auto name = record_name(form_, records.record()).substr(0, longest_name);
    throw DataError(
        "read", records.name(),
        fmt::format("record {} ({}) {}", records.number(), name, picker_->lack(records.record())));
  }
  if (missing_.way == Missing::Way::divert) {
    put(missing_.output, records.record());
    outputs_.count_diverted(missing_.output);
  }
  ++stats_.records_skipped;
  return std::nullopt;
}

void EachDealer::deal(Input& input) {
  for (Records records(input); records.next();) {
    if (const auto worker = pick(records)) {
      put(*worker, records.record());
      outputs_.count_records(*worker, 1);
    }
    if (stamper_) stamper_->advance();
  }
}

void EachDealer::deal_pairs(Input& input, Input& mates) {
  Records ours(input);
  Records theirs(mates);
  while (next_pair(ours, theirs)) {
    if (const auto worker = pick(ours)) {
      put(2 * *worker, ours.record());
      put(2 * *worker + 1, theirs.record());
      outputs_.count_records(2 * *worker, 1);
      outputs_.count_records(2 * *worker + 1, 1);
    } else {
      ++stats_.records_skipped;
    }
    if (stamper_) stamper_->advance();
  }
}

bool EachDealer::next_pair(Records& ours, Records& theirs) const {
  const bool one = ours.next();
  const bool other = theirs.next();
  if (one != other) {
    const Records& shorter = one ? theirs : ours;
    const Records& longer = one ? ours : theirs;
    throw DataError("read", shorter.name(),
                    fmt::format("it ends after record {}, '{}' does not", shorter.number(), longer.name()));
  }
  if (!one) return false;
  const auto name = record_name(form_, ours.record());
  const auto mate = record_name(form_, theirs.record());
  if (name != mate) {
    throw DataError("read", theirs.name(),
                    fmt::format("record {} is '{}', its mate in '{}' is '{}'", theirs.number(),
                                mate.substr(0, longest_name), ours.name(), name.substr(0, longest_name)));
  }
  return true;
}

}  // namespace mrf
