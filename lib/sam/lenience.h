// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace mrf::sam {

/// What the SAM specification forbids, or what an output cannot hold as it is, and what samtools takes all
/// the same. It is an error unless --permissive was given.
enum class Deviation : std::size_t {
  name,           ///< QNAME outside [!-?A-~], or empty
  position,       ///< POS or PNEXT below 0
  flag,           ///< FLAG that is not decimal
  sequence,       ///< SEQ with characters that BAM does not have: they become upper case, or N
  tag_name,       ///< not [A-Za-z][A-Za-z0-9]
  tag_type,       ///< not one of AifZHB in text, cCsSiIfAZHB in BAM
  tag_value,      ///< outside what its type may hold
  tag_twice,      ///< one tag twice in a record
  empty_field,    ///< a tab at the end of a line
  quality,        ///< of a single base, which text writes as "*", no quality
  last_line,      ///< without a newline
  name_end,       ///< a read name of BAM without its NUL
  header,         ///< a header line that the specification forbids
  cram_unmapped,  ///< mapping quality or CIGAR of an unmapped read, which htslib's CRAM does not keep
  cram_mate,      ///< RNEXT of a read that is not paired, likewise
};
inline constexpr std::size_t deviation_kinds = 15;

/// What the messages call it, and what becomes of it.
const char* description(Deviation kind);

/// How often each kind was let pass, by its number.
struct DeviationCounts {
  std::array<std::uint64_t, deviation_kinds> counts{};

  void add(Deviation kind) { ++counts[static_cast<std::size_t>(kind)]; }
  void add(const DeviationCounts& other) {
    for (std::size_t i = 0; i < deviation_kinds; ++i) counts[i] += other.counts[i];
  }
};

/// Whether what the specification forbids is an error or counted.
class Lenience {
 public:
  /// `counts` is null where nothing is let pass.
  explicit Lenience(DeviationCounts* counts = nullptr) : counts_(counts) {}
  /// Counts `kind`; false when it is an error.
  bool takes(Deviation kind) const {
    if (counts_ != nullptr) counts_->add(kind);
    return counts_ != nullptr;
  }
  explicit operator bool() const { return counts_ != nullptr; }

 private:
  DeviationCounts* counts_;
};

/// Says, by warn(), once for each kind how often it was let pass. `name` is the input's.
void warn_of(const DeviationCounts& counts, const char* name);

}  // namespace mrf::sam
