// SPDX-License-Identifier: MIT
#pragma once

#include <htslib/faidx.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sam/hts.h"

namespace mrf::bam {

struct FastaDeleter {
  void operator()(faidx_t* index) const { fai_destroy(index); }
};
using FastaPtr = std::unique_ptr<faidx_t, FastaDeleter>;

/// htslib looks for the references of a CRAM on a server on the internet unless REF_PATH is set
/// (samtools(1)). This sets it, when it is not, to the local cache: that of REF_CACHE, or the one that htslib
/// uses by default. To be called before there are threads.
void keep_references_local();

/// Gives `file`, a CRAM, its references: `fasta`, a FASTA file, or nothing when that is empty. htslib makes
/// the index of the FASTA file when there is none. Throws Error.
void set_reference(htsFile& file, const std::string& fasta);

/// Checks that the FASTA file is one for the header: it has at least one of its
/// references, and those that it has are as long as the header says. To be called before set_reference():
/// htslib changes the lengths in the header of a CRAM to those of the FASTA file. Does nothing when `fasta`
/// is empty or cannot be read, which set_reference() finds, or the header has no references. Throws
/// DataError.
void check_reference(const std::string& fasta, const sam_hdr_t& header);

/// Takes the UR tags that are no files out of the header of an open CRAM, so that htslib does not fetch them.
void forget_remote_references(sam_hdr_t& header);

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
