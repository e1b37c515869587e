// SPDX-License-Identifier: MIT
#include "split/router.h"

#include <fmt/format.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <utility>

#include "base/error.h"

namespace mrf::split {

void Numbering::put(Outputs& outputs, std::size_t output, std::string_view record) const {
  if (place_ == record::SequencePlace::aux) return put_bam(outputs, output, record);
  if (place_ == record::SequencePlace::column) {
    outputs.put(output, field_.text(), record);
  } else {
    const std::size_t end = record.ends_with("\r\n") ? 2 : 1;
    outputs.put(output, record.substr(0, record.size() - end), field_.text(),
                record.substr(record.size() - end));
  }
}

void Numbering::put_bam(Outputs& outputs, std::size_t output, std::string_view record) const {
  static_assert(std::endian::native == std::endian::little);
  std::uint32_t length = 0;
  std::memcpy(&length, record.data(), sizeof length);
  length += static_cast<std::uint32_t>(field_.text().size());
  outputs.put(output, std::string_view(reinterpret_cast<const char*>(&length), sizeof length),
              record.substr(sizeof length), field_.text());
}

Router::Router(Outputs& outputs, io::Stats& stats, record::RecordForm form,
               std::unique_ptr<Partitioner> partitioner, std::optional<Numbering> numbering, Missing missing)
    : outputs_(outputs),
      stats_(stats),
      form_(std::move(form)),
      partitioner_(std::move(partitioner)),
      numbering_(numbering),
      missing_(missing) {}

void Router::put(std::size_t output, std::string_view record) {
  if (numbering_) {
    if (numbering_->is_numbered(record)) {
      throw base::DataError(
          "read", input_name_,
          fmt::format("the record '{}' has the tag mi already, by which '--seq' numbers records; "
                      "'mrf-collect --order rows' and 'any' need no numbers",
                      record::record_name(form_, record).substr(0, longest_name)));
    }
    numbering_->put(outputs_, output, record);
  } else {
    outputs_.put(output, record);
  }
}

// The worker of a record; nothing when the record was skipped or diverted.
std::optional<std::size_t> Router::assign(std::string_view record, std::uint64_t number,
                                          const std::string& input) {
  const auto worker = partitioner_->partition(record);
  if (worker) return worker;
  if (missing_.way == Missing::Way::any) {
    next_any_ = (next_any_ + 1) % missing_.workers;
    return next_any_;
  }
  if (missing_.way == Missing::Way::error) {
    const auto name = record::record_name(form_, record).substr(0, longest_name);
    throw base::DataError("read", input,
                          fmt::format("record {} ({}) {}; --missing says what becomes of such records",
                                      number, name, partitioner_->why_none(record)));
  }
  if (missing_.way == Missing::Way::divert) {
    put(missing_.output, record);
    outputs_.count_diverted(missing_.output);
  }
  ++stats_.records_skipped;
  return std::nullopt;
}

void Router::split(Input& input) {
  input_name_ = input.name();
  for (RecordReader records(input); records.next();) {
    if (const auto worker = assign(records.record(), records.number(), records.name())) {
      put(*worker, records.record());
      outputs_.count_records(*worker, 1);
    }
    if (numbering_) numbering_->advance();
  }
}

void Router::put_pair(std::size_t worker, std::string_view first, std::string_view second) {
  put(2 * worker, first);
  put(2 * worker + 1, second);
  outputs_.count_records(2 * worker, 1);
  outputs_.count_records(2 * worker + 1, 1);
}

void Router::split_pairs(Input& input, Input& mates) {
  RecordReader ours(input);
  RecordReader theirs(mates);
  while (next_pair(ours, theirs)) {
    if (const auto worker = assign(ours.record(), ours.number(), ours.name())) {
      put_pair(*worker, ours.record(), theirs.record());
    } else {
      ++stats_.records_skipped;
    }
    if (numbering_) numbering_->advance();
  }
}

void Router::put_mates(const Mate& first, const RecordReader& second) {
  if (const auto worker = assign(first.record, first.at, second.name())) {
    put_pair(*worker, first.record, second.record());
  } else {
    ++stats_.records_skipped;
  }
  if (numbering_) numbering_->advance();
}

void Router::put_single(const Mate& mate, const std::string& input, std::string_view next_name,
                        std::optional<std::size_t> singles) {
  if (!singles) {
    const std::string_view name = std::string_view(mate.name).substr(0, longest_name);
    if (next_name == mate.name)
      throw base::DataError(
          "read", input,
          fmt::format("record {} ({}) and the next one have one name, but are not its mates 1 and "
                      "2 in this order",
                      mate.at, name));
    const std::string behind = next_name.empty()
                                   ? "it is the last one"
                                   : fmt::format("the next one is '{}'", next_name.substr(0, longest_name));
    throw base::DataError(
        "read", input,
        fmt::format("record {} ({}) has no mate behind it: {}; '--singles PATH' takes such records", mate.at,
                    name, behind));
  }
  const std::string_view record = mate.record;
  std::size_t end = record.find('\n', record.find_first_not_of("\r\n"));
  if (end > 0 && record[end - 1] == '\r') --end;
  outputs_.put(*singles, record.substr(0, end), std::string_view(" mate=missing"), record.substr(end));
  outputs_.count_diverted(*singles);
  ++stats_.records_skipped;
}

void Router::split_interleaved(Input& input, std::optional<std::size_t> singles) {
  std::optional<Mate> first;
  std::string unmarked;  // the name of the last pair, if nothing but the order tells its mates apart
  for (RecordReader records(input); records.next();) {
    const std::string_view name = record::record_name(form_, records.record());
    const int number = record::mate_number(form_, records.record());
    if (first && first->name == name && first->number != 2 && number != 1) {
      put_mates(*first, records);
      unmarked = first->number == 0 && number == 0 ? first->name : "";
      first.reset();
      continue;
    }
    if (first) put_single(*first, records.name(), name, singles);
    if (!unmarked.empty() && unmarked == name) {
      throw base::DataError(
          "read", records.name(),
          fmt::format("record {} ({}) is the third in a row of that name, and nothing tells which are mates",
                      records.number(), name.substr(0, longest_name)));
    }
    unmarked.clear();
    first = Mate{std::string(records.record()), std::string(name), number, records.number()};
  }
  if (first) put_single(*first, input.name(), "", singles);
}

bool Router::next_pair(RecordReader& ours, RecordReader& theirs) const {
  const bool one = ours.next();
  const bool other = theirs.next();
  if (one != other) {
    const RecordReader& shorter = one ? theirs : ours;
    const RecordReader& longer = one ? ours : theirs;
    throw base::DataError(
        "read", shorter.name(),
        fmt::format("it ends after record {}, '{}' does not", shorter.number(), longer.name()));
  }
  if (!one) return false;
  const auto name = record::record_name(form_, ours.record());
  const auto mate = record::record_name(form_, theirs.record());
  if (name != mate) {
    throw base::DataError(
        "read", theirs.name(),
        fmt::format("record {} is '{}', its mate in '{}' is '{}'", theirs.number(),
                    mate.substr(0, longest_name), ours.name(), name.substr(0, longest_name)));
  }
  return true;
}

}  // namespace mrf::split
