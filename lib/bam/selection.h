// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "bam/intervals.h"
#include "sam/hts.h"

// This header of htslib 1.16 lacks it.
extern "C" {
#include <htslib/hts_expr.h>
}

namespace mrf::bam {

/// Which records pass, as in samtools-view(1).
struct Selection {
  std::uint16_t all_flags = 0;                   ///< -f: all of these are set
  std::uint16_t no_flags = 0;                    ///< -F: none of these is set
  std::uint8_t least_mapq = 0;                   ///< -q
  std::string expression;                        ///< -e, empty for none
  std::shared_ptr<const IntervalSet> intervals;  ///< -L, of the input's header; none for everything
  RegionRule rule = RegionRule::overlaps;        ///< of the intervals
  double fraction = 1;                           ///< --subsample: of the names, above 0 and up to 1
  std::uint32_t seed = 0;                        ///< as hashed_seed() gives it

  /// Whether more is needed than a record's flags and mapping quality.
  bool looks_at_records() const { return !expression.empty() || intervals || fraction < 1; }
  bool operator==(const Selection&) const = default;
};

/// A flag set as a number (decimal, 0x hex, 0 octal) or as whole names with commas (samtools-flags(1)).
/// Throws UsageError for anything else.
std::uint16_t parse_flags(const std::string& text);

/// Throws UsageError when the expression cannot be parsed. To be called before there are threads; from then
/// on htslib's expressions say nothing by themselves.
void check_expression(const std::string& expression);

/// What the seed of samtools view --subsample-seed is turned into there: the first number of rand(3) for it,
/// and 0 for 0.
std::uint32_t hashed_seed(unsigned seed);

/// Tests records; one for each thread, since htslib's expressions keep state.
class Selector {
 public:
  /// Throws std::bad_alloc.
  explicit Selector(const Selection& selection);
  /// Whether -f, -F and -q let a record with these go on.
  bool passes(std::uint16_t flags, std::uint8_t mapq) const;
  /// The same, and whether the expression holds. Throws UsageError when it cannot be evaluated.
  bool passes(const sam_hdr_t& header, const bam1_t& record) const;

 private:
  struct FilterDeleter {
    void operator()(hts_filter_t* filter) const { hts_filter_free(filter); }
  };

  bool passes_without_expression(const bam1_t& record) const;
  int evaluate(const sam_hdr_t& header, const bam1_t& record) const;

  Selection selection_;
  bool is_shared_ = false;  // the expression uses a buffer that all threads share
  std::unique_ptr<hts_filter_t, FilterDeleter> filter_;
};

}  // namespace mrf::bam
