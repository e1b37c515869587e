// SPDX-License-Identifier: MIT
#pragma once

#include <htslib/faidx.h>

#include <memory>
#include <string>

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

}  // namespace mrf::bam
