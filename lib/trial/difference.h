// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "trial/result.h"

namespace mrf::trial {

/// Whether the order of records counts when two results are compared.
enum class Order { kept, any };

/// Where the result of copies first differs from that of the filter alone.
struct Difference {
  std::uint64_t record = 0;  ///< its number in the result of the filter alone, from 1; 0: the headers differ
  std::string_view alone;    ///< the record, or the header's line; empty when there is none in its place
  std::string_view copies;   ///< likewise
};

/// Empty when the results are the same. With Order::any the first record that the result of the copies lacks,
/// or else its first one too many, whose number in its own result is given then. Lines of a header that say
/// how it was written (@PG, ##bcftools_...Command=) are not compared, nor with Order::any the @HD line, which
/// names the order. The views are those of the results.
std::optional<Difference> find_difference(const Result& alone, const Result& copies, Order order);

/// What a filter seems to remember from one record to another.
enum class Memory {
  random,         ///< two runs over the same records differ
  whole_input,    ///< it sorts, sums up, or takes the first or last records
  header,         ///< it treats the first records of its input apart, or writes some of its own
  deduplication,  ///< it drops records that are like earlier ones
  counter,        ///< it writes numbers that count records
  other,          ///< something else
};

/// What the difference suggests, in words: what the filter does, and what to do about it.
struct Diagnosis {
  Memory memory = Memory::other;
  std::string sentence;
  std::string advice;
};

/// Which options a run with this input and output takes.
struct HintRules {
  bool header_lines = true;  ///< --header-lines and --header-prefix
  bool combine = true;       ///< --combine
  /// Of the values for --key that are advised, those that are taken; all of them when it is empty.
  std::function<bool(const std::string& key)> key{};
};

/// The parts of the input that the copies get.
struct Parts {
  std::uint64_t starts = 0;  ///< of the filter, each for a part of the input
  std::vector<std::string_view>
      first_records;           ///< of the parts but the first; empty where they are not known
  std::uint64_t records = 0;   ///< of the whole input; 0 where they are not known
  bool is_sam = false;         ///< the results are lines of SAM
  bool of_alignments = false;  ///< the filter reads alignments
  bool is_numbered = false;    ///< the copies' records had numbers, and need none
  HintRules rules{};           ///< what may be advised
};

/// Whether the filter has added a line with the date to the header that it was given, as bcftools does.
bool adds_date(std::string_view written, std::string_view given);
/// A guess, from two results that differ.
Diagnosis diagnose(const Result& alone, const Result& copies, const Parts& parts, Order order);
/// For a filter that gave two results for the same records.
Diagnosis diagnose_random();

/// Two records as lines of a terminal: without control characters, shortened to what is around the first
/// character that differs.
struct ShownRecords {
  std::string alone;
  std::string copies;
};
ShownRecords show(const Difference& difference);

}  // namespace mrf::trial
