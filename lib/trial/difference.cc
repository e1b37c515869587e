// SPDX-License-Identifier: MIT
//
// Which memory a filter has is guessed from the records that one result has and the other has not. Each kind
// of memory leaves a trace of its own where the filter is started anew:
//   deduplication   records too many, which equal others or share the value of a column with them
//   counters        the same records but for numbers
//   headers         as many records too many, or too few, as there are further starts
//   whole input     so many times the records as there are starts; or the same records in another order
// The traces are looked for in an order in which the more special one comes first.
#include "trial/difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/error.h"
#include "record/header.h"

namespace mrf::trial {

namespace {

using Records = std::vector<std::string_view>;

constexpr std::size_t sam_columns = 11;  // those that every alignment has (SAM specification, 1.4)

std::string_view at_or_nothing(const Records& records, std::size_t at) {
  return at < records.size() ? records[at] : std::string_view();
}

/// The records that only one of two results has, each in the order of its result.
struct Surplus {
  std::vector<std::size_t> alone;   // indices: what the copies lack
  std::vector<std::size_t> copies;  // what they have too many

  Surplus(const Records& of_alone, const Records& of_copies) {
    std::unordered_map<std::string_view, std::int64_t> counts;
    counts.reserve(of_alone.size());
    for (const auto record : of_alone) ++counts[record];
    for (std::size_t at = 0; at < of_copies.size(); ++at) {
      if (--counts[of_copies[at]] < 0) copies.push_back(at);
    }
    for (std::size_t at = 0; at < of_alone.size(); ++at) {
      if (counts[of_alone[at]]-- > 0) alone.push_back(at);
    }
  }
};

std::string_view without_end(std::string_view record) {
  while (record.ends_with('\n') || record.ends_with('\r') || record.ends_with('\0')) record.remove_suffix(1);
  return record;
}

// The fields of a record: between tabs, or between blanks where there are no tabs.
std::vector<std::string_view> fields_of(std::string_view record) {
  record = without_end(record);
  const bool has_tabs = record.find('\t') != std::string_view::npos;
  std::vector<std::string_view> fields;
  while (!record.empty()) {
    if (!has_tabs) record.remove_prefix(std::min(record.find_first_not_of(' '), record.size()));
    const std::size_t end = std::min(record.find(has_tabs ? '\t' : ' '), record.size());
    if (end > 0 || has_tabs) fields.push_back(record.substr(0, end));
    record.remove_prefix(std::min(end + 1, record.size()));
  }
  return fields;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The record with each number as one 0.
std::string without_numbers(std::string_view record) {
  std::string text;
  for (std::size_t at = 0; at < record.size(); ++at) {
    if (!is_digit(record[at])) {
      text += record[at];
    } else if (at == 0 || !is_digit(record[at - 1])) {
      text += '0';
    }
  }
  return text;
}

std::string key_of_column(std::size_t column, std::string_view value) {
  const bool is_tag = value.size() >= 5 && value[2] == ':' && value[4] == ':';  // SAM specification, 1.5
  return is_tag && column > 10 ? fmt::format("tag:{}", value.substr(0, 2))
                               : fmt::format("column:{}", column + 1);
}

std::string records_text(std::uint64_t count) {
  return count == 1 ? "record" : fmt::format("{} records", count);
}

// Lines of a header that say how and when it was written: samtools' @PG lines have the name of the FIFO,
// those of bcftools, ##bcftools_viewCommand=, the date.
bool is_history(std::string_view line) {
  return line.starts_with("@PG\t") || record::is_bcftools_command(line);
}

// The lines of a header that are compared.
Records compared_lines(std::string_view header, Order order) {
  Records lines;
  while (!header.empty()) {
    const std::size_t end = header.find('\n');
    const std::string_view line = header.substr(0, end == std::string_view::npos ? end : end + 1);
    const bool tells_order = order == Order::any && line.starts_with("@HD\t");
    if (!is_history(line) && !tells_order) lines.push_back(line);
    header.remove_prefix(line.size());
  }
  return lines;
}

std::optional<Difference> find_header_difference(std::string_view alone, std::string_view copies,
                                                 Order order) {
  const Records ours = compared_lines(alone, order);
  const Records theirs = compared_lines(copies, order);
  const auto [at, other] = std::mismatch(ours.begin(), ours.end(), theirs.begin(), theirs.end());
  if (at == ours.end() && other == theirs.end()) return std::nullopt;
  const auto index = static_cast<std::size_t>(at - ours.begin());
  return Difference{0, at_or_nothing(ours, index), at_or_nothing(theirs, index)};
}

class Diagnostician {
 public:
  Diagnostician(const Result& alone, const Result& copies, const Parts& parts, Order order)
      : alone_(alone.records()),
        copies_(copies.records()),
        starts_(parts.starts),
        first_records_(parts.first_records.begin(), parts.first_records.end()),
        records_(parts.records),
        is_sam_(parts.is_sam),
        of_alignments_(parts.of_alignments),
        is_numbered_(parts.is_numbered),
        rules_(parts.rules),
        order_(order),
        surplus_(alone_, copies_) {}

  Diagnosis find() const {
    if (surplus_.alone.empty() && surplus_.copies.empty()) {
      return alone_.empty() || order_ == Order::any || alone_ == copies_ ? of_header_lines() : of_order();
    }
    for (const auto step :
         {&Diagnostician::of_own_header, &Diagnostician::of_header_records, &Diagnostician::of_added_records,
          &Diagnostician::of_equal_records, &Diagnostician::of_column, &Diagnostician::of_sums,
          &Diagnostician::of_parts, &Diagnostician::of_first_records, &Diagnostician::of_part_begins,
          &Diagnostician::of_numbers}) {
      if (auto found = (this->*step)()) return *found;
    }
    return {Memory::other,
            fmt::format("what it writes for a record depends on other records{}",
                        is_numbered_ ? ", or on the number that --order seq adds" : ""),
            any_key_advice()};
  }

 private:
  bool takes_key(const std::string& key) const { return !rules_.key || rules_.key(key); }
  bool takes_any_key() const { return takes_key("name") || takes_key("column:1"); }
  // The value where it is taken, else another one that is.
  std::string taken_key(const std::string& key) const {
    if (takes_key(key)) return key;
    return takes_key("name") ? "name" : "column:1";
  }
  std::string any_key_advice() const {
    return takes_any_key() ? "where records that belong together have a key, --key gives them to one worker"
                           : no_key_advice();
  }
  // What needs other records is no filter for copies.
  std::string no_key_advice() const {
    return rules_.combine
               ? "run it behind the copies, over the whole; or --combine makes one result of those "
                 "of the workers"
               : "run it behind the copies, over the whole";
  }
  std::string combine_advice(std::string_view how) const {
    return rules_.combine ? std::string(how) : no_key_advice();
  }

  static Diagnosis of_header_lines() {
    return {Memory::header, "only the header differs: the filter writes another one each time it starts",
            "without --header-broadcast the header goes around the filter"};
  }
  Diagnosis of_order() const {
    return {Memory::whole_input, "the records are the same in another order: it sorts, or holds records back",
            combine_advice("--combine makes one result of those of the workers, as --combine sort -m")};
  }

  std::uint64_t more_starts() const { return starts_ > 0 ? starts_ - 1 : 0; }

  // The first records of its output, written again at each further start.
  std::optional<Diagnosis> of_own_header() const {
    const std::size_t extra = surplus_.copies.size();
    if (!surplus_.alone.empty() || more_starts() == 0 || extra % more_starts() != 0) return std::nullopt;
    const std::size_t lines = extra / more_starts();
    if (lines == 0 || lines >= alone_.size()) return std::nullopt;
    for (std::size_t at = 0; at < extra; ++at) {
      if (copies_[surplus_.copies[at]] != alone_[at % lines]) return std::nullopt;
    }
    return Diagnosis{
        Memory::header,
        fmt::format("it writes its first {} again each time it starts: a header", records_text(lines)),
        "a filter that writes no header of its own can be run as copies"};
  }

  // All that differs looks like a header.
  std::optional<Diagnosis> of_header_records() const {
    const auto is_header = [](std::string_view record) {
      return record.starts_with('#') || record.starts_with('@');
    };
    const auto in = [&](const Records& records) {
      return [&](std::size_t at) { return is_header(records[at]); };
    };
    const bool all = std::all_of(surplus_.alone.begin(), surplus_.alone.end(), in(alone_)) &&
                     std::all_of(surplus_.copies.begin(), surplus_.copies.end(), in(copies_));
    const bool any_other = std::any_of(alone_.begin(), alone_.end(),
                                       [&](std::string_view record) { return !is_header(record); });
    if (!all || !any_other) return std::nullopt;
    return Diagnosis{Memory::header, "only records that begin with # or @ differ: it treats a header apart",
                     rules_.header_lines
                         ? "--header-prefix, or the name of SAM, takes the header around the filter"
                         : "a filter that writes no header of its own can be run as copies"};
  }

  // Records too many of a filter that drops none: alone it writes as many as it was given, or more.
  std::optional<Diagnosis> of_added_records() const {
    const std::size_t extra = surplus_.copies.size();
    if (!surplus_.alone.empty() || records_ == 0 || alone_.size() < records_) return std::nullopt;
    if (more_starts() == 0 || extra % more_starts() != 0) return std::nullopt;
    const std::uint64_t of_each = extra / more_starts();
    return Diagnosis{
        Memory::whole_input,
        fmt::format("each copy writes {} more: at its end, or of a file that it opens by its name",
                    of_each == 1 ? "one record" : records_text(of_each)),
        fmt::format("a filter whose records all come of its standard input can be run as copies{}",
                    rules_.combine ? "; --combine makes one result of those of the workers" : "")};
  }

  // Records too many that equal others.
  std::optional<Diagnosis> of_equal_records() const {
    if (!surplus_.alone.empty() || alone_.size() < 2) return std::nullopt;
    const std::unordered_set<std::string_view> known(alone_.begin(), alone_.end());
    const bool all = std::all_of(surplus_.copies.begin(), surplus_.copies.end(),
                                 [&](std::size_t at) { return known.contains(copies_[at]); });
    if (!all) return std::nullopt;
    return Diagnosis{Memory::deduplication, "it drops records that equal earlier ones (deduplication)",
                     takes_any_key()
                         ? fmt::format("--key gives records that may be equal to one worker, as --key {}",
                                       taken_key(of_alignments_ ? "name" : "column:1"))
                         : no_key_advice()};
  }

  // Records too many, each with a value of a column that another record has, where all values were different.
  std::optional<Diagnosis> of_column() const {
    if (!surplus_.alone.empty() || alone_.size() < 2) return std::nullopt;
    for (std::size_t column = 0; column < columns(); ++column) {
      const auto values = distinct_values(column);
      if (!values) continue;
      const bool all = std::all_of(surplus_.copies.begin(), surplus_.copies.end(), [&](std::size_t at) {
        return values->contains(at_or_nothing(fields_of(copies_[at]), column));
      });
      if (!all) continue;
      return Diagnosis{
          Memory::deduplication,
          fmt::format("it keeps one record for each value of column {} (deduplication)", column + 1),
          key_advice(column)};
    }
    return std::nullopt;
  }

  // A result for each part of the input.
  std::optional<Diagnosis> of_parts() const {
    if (starts_ < 2 || alone_.empty() || copies_.size() != alone_.size() * starts_) return std::nullopt;
    return Diagnosis{Memory::whole_input,
                     fmt::format("it writes {} for each part of the input: it needs the whole",
                                 alone_.size() == 1 ? "one record" : records_text(alone_.size())),
                     combine_advice("--combine makes one result of those of the workers")};
  }

  // More records than alone, with the same values of a column, where all values were different.
  std::optional<Diagnosis> of_sums() const {
    if (copies_.size() <= alone_.size() || alone_.size() < 2) return std::nullopt;
    for (std::size_t column = 0; column < columns(); ++column) {
      const auto values = distinct_values(column);
      if (!values) continue;
      const bool all = std::all_of(copies_.begin(), copies_.end(), [&](std::string_view record) {
        return values->contains(at_or_nothing(fields_of(record), column));
      });
      if (!all) continue;
      return Diagnosis{
          Memory::whole_input,
          fmt::format("it writes one record for each value of column {}, made of all its records",
                      column + 1),
          rules_.combine ? "--combine adds up what the workers give; " + key_advice(column)
                         : key_advice(column)};
    }
    return std::nullopt;
  }

  // As many records too few, or other ones, as there are further starts.
  std::optional<Diagnosis> of_first_records() const {
    const std::size_t lacking = surplus_.alone.size();
    const std::size_t extra = surplus_.copies.size();
    if (more_starts() == 0 || lacking == 0 || lacking % more_starts() != 0) return std::nullopt;
    if (extra != 0 && (extra != lacking || lacking != more_starts())) return std::nullopt;
    if (extra != 0 && are_numbers_alone_different()) return std::nullopt;
    return treats_first_apart(lacking / more_starts());
  }

  // All that differs are records of the input with which parts begin.
  std::optional<Diagnosis> of_part_begins() const {
    const auto begins_part = [&](const Records& records) {
      return [&](std::size_t at) { return first_records_.contains(records[at]); };
    };
    const bool all = std::all_of(surplus_.alone.begin(), surplus_.alone.end(), begins_part(alone_)) &&
                     std::all_of(surplus_.copies.begin(), surplus_.copies.end(), begins_part(copies_));
    if (!all) return std::nullopt;
    return treats_first_apart(1);
  }

  // A header, or a comparison with what the first record of a part has not: one before. A header that is said
  // to be one where there is none would hide the difference of the other parts.
  Diagnosis treats_first_apart(std::uint64_t records) const {
    if (!rules_.header_lines)
      return {Memory::other, "it compares a record with the one before, which a part of the input has not",
              any_key_advice()};
    return {
        Memory::header,
        fmt::format("it treats the first {} of its input apart, as a header, or compares a record with the "
                    "one before",
                    records_text(records)),
        fmt::format("for a header, --header-lines {} --header-broadcast: each copy gets the header, the "
                    "result has it once; try again with it{}",
                    records, takes_any_key() ? "; for records that belong together, --key" : "")};
  }

  std::optional<Diagnosis> of_numbers() const {
    if (!are_numbers_alone_different()) return std::nullopt;
    const std::string_view one = alone_[surplus_.alone[0]];
    const std::string_view other = copies_[surplus_.copies[0]];
    const auto ours = fields_of(one);
    const auto theirs = fields_of(other);
    for (std::size_t column = 0; order_ == Order::kept && column < std::min(ours.size(), theirs.size());
         ++column) {
      if (ours[column] == theirs[column]) continue;
      if (is_sam_ && column < sam_columns)
        return Diagnosis{
            Memory::other,
            fmt::format("only numbers differ, as in column {}: it compares alignments with "
                        "others, as the marking of duplicates or the estimate of insert sizes do",
                        column + 1),
            any_key_advice()};
      return Diagnosis{Memory::counter,
                       fmt::format("only numbers differ, as in column {}: it counts records", column + 1),
                       "count before the run, or behind it"};
    }
    return Diagnosis{Memory::counter, "only numbers differ: it counts records",
                     "count before the run, or behind it"};
  }

  bool are_numbers_alone_different() const {
    if (surplus_.alone.size() != surplus_.copies.size() || surplus_.alone.empty()) return false;
    std::unordered_map<std::string, std::int64_t> counts;
    for (const std::size_t at : surplus_.alone) ++counts[without_numbers(alone_[at])];
    return std::all_of(surplus_.copies.begin(), surplus_.copies.end(),
                       [&](std::size_t at) { return --counts[without_numbers(copies_[at])] >= 0; });
  }

  std::size_t columns() const {
    constexpr std::size_t most = 40;
    return alone_.empty() ? 0 : std::min(fields_of(alone_[0]).size(), most);
  }

  // The values of a column in the result of the filter alone; nothing unless all are different.
  std::optional<std::unordered_set<std::string_view>> distinct_values(std::size_t column) const {
    std::unordered_set<std::string_view> values;
    for (const auto record : alone_) {
      const auto fields = fields_of(record);
      if (column >= fields.size() || !values.insert(fields[column]).second) return std::nullopt;
    }
    return values;
  }

  std::string key_advice(std::size_t column) const {
    // A column of a table is no column of the alignments that it was made of.
    if (!takes_any_key()) return no_key_advice();
    if (of_alignments_ && !is_sam_)
      return "--key gives all records of a value to one worker, as --key tag:CB those of a cell";
    return fmt::format("--key gives all records of a value to one worker, as --key {}",
                       taken_key(key_of_column(column, fields_of(alone_[0])[column])));
  }

  const Records& alone_;
  const Records& copies_;
  std::uint64_t starts_;
  std::unordered_set<std::string_view> first_records_;
  std::uint64_t records_;
  bool is_sam_;
  bool of_alignments_;
  bool is_numbered_;
  HintRules rules_;
  Order order_;
  Surplus surplus_;
};

}  // namespace

std::optional<Difference> find_difference(const Result& alone, const Result& copies, Order order) {
  if (const auto difference = find_header_difference(alone.header(), copies.header(), order))
    return difference;
  const Records& ours = alone.records();
  const Records& theirs = copies.records();
  if (order == Order::kept) {
    const auto [at, other] = std::mismatch(ours.begin(), ours.end(), theirs.begin(), theirs.end());
    if (at == ours.end() && other == theirs.end()) return std::nullopt;
    const auto index = static_cast<std::size_t>(at - ours.begin());
    return Difference{index + 1, at_or_nothing(ours, index), at_or_nothing(theirs, index)};
  }
  const Surplus surplus(ours, theirs);
  if (!surplus.alone.empty()) return Difference{surplus.alone[0] + 1, ours[surplus.alone[0]], {}};
  if (!surplus.copies.empty()) return Difference{surplus.copies[0] + 1, {}, theirs[surplus.copies[0]]};
  return std::nullopt;
}

Diagnosis diagnose(const Result& alone, const Result& copies, const Parts& parts, Order order) {
  Diagnosis found = Diagnostician(alone, copies, parts, order).find();
  if (parts.is_numbered)
    found.advice = "--order chunk adds no number to the records, as --order seq does; " + found.advice;
  return found;
}

bool adds_date(std::string_view written, std::string_view given) {
  const auto count = [](std::string_view header) {
    std::size_t lines = 0;
    for (std::size_t at = 0; at < header.size(); at = std::min(header.find('\n', at), header.size() - 1) + 1)
      lines += record::is_bcftools_command(header.substr(at)) ? 1 : 0;
    return lines;
  };
  return count(written) > count(given);
}

Diagnosis diagnose_random() {
  return {Memory::random, "it is random: run twice on the same records, it writes two results",
          "a seed that follows from the record makes it repeatable"};
}

ShownRecords show(const Difference& difference) {
  constexpr std::size_t width = 80;
  constexpr std::size_t before = 20;
  const std::string_view alone = without_end(difference.alone);
  const std::string_view copies = without_end(difference.copies);
  const auto [at, other] = std::mismatch(alone.begin(), alone.end(), copies.begin(), copies.end());
  const auto same = static_cast<std::size_t>(at - alone.begin());
  const std::size_t longest = std::max(alone.size(), copies.size());
  const std::size_t from = longest <= width || same <= before ? 0 : same - before;
  const auto shown = [&](std::string_view whole, std::string_view record) -> std::string {
    if (whole.empty()) return "(none)";
    if (from >= record.size()) return from == 0 ? "" : "...";
    const bool is_cut = record.size() - from > width;
    return (from > 0 ? "..." : "") + base::printable(record.substr(from, width)) + (is_cut ? "..." : "");
  };
  return {shown(difference.alone, alone), shown(difference.copies, copies)};
}

}  // namespace mrf::trial
