// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bam/reference.h"
#include "sam/hts.h"

namespace mrf::bam {

/// Where the references of a CRAM output come from: they are found (-T, the local cache, a file that the
/// header names), or htslib makes them from the records, which have to be sorted by position then. Its
/// threads do not survive a record that they cannot encode, so every record is looked at before.
class CramReferences {
 public:
  /// `fasta` is a FASTA file with its index, or empty. The header outlives this.
  CramReferences(sam_hdr_t& header, const std::string& fasta);

  /// Whether they are made. Settled when the first record that has a reference was taken: htslib does not
  /// survive that of some references either (the counts in cram_ref_decr(), cram_io.c).
  bool are_made() const { return made_; }
  /// Looks at the next record of the output. Returns why it cannot be written, for a message; empty when it
  /// can.
  /// Throws DataError when a reference is in the FASTA file, but is another one than the header's M5 says.
  std::string take(const bam1_core_t& core);
  /// What may be wrong with a reference of the header, ", or its reference 'c1' is missing" and so on.
  std::string why_unusable(const char* name);

 private:
  bool has(std::int32_t id);
  bool is_in_fasta(const char* name) const;
  bool is_same(const char* name);
  bool can_be_loaded(const char* name);
  bool has_tag(const char* name, const char* tag);

  sam_hdr_t& header_;
  std::string path_;
  FastaPtr fasta_;
  std::vector<std::optional<bool>> found_;  // by the number of the reference
  bool made_ = false;
  bool settled_ = false;
  bool sorted_ = true;
  std::int32_t id_ = -2;
  hts_pos_t position_ = -1;
};

}  // namespace mrf::bam
