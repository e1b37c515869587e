// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "sam/hts.h"

namespace mrf::bam {

/// htslib looks for the references of a CRAM on a server on the internet unless REF_PATH is set
/// (samtools(1)). This sets it, when it is not, to the local cache: that of REF_CACHE, or the one that htslib
/// uses by default. To be called before there are threads.
void keep_references_local();

/// Gives `file`, a CRAM, its references: `fasta`, a FASTA file, or nothing when that is empty. htslib makes
/// the index of the FASTA file when there is none. Throws Error.
void set_reference(htsFile& file, const std::string& fasta);

/// Takes the UR tags that are no files out of the header of an open CRAM, so that htslib does not fetch them.
void forget_remote_references(sam_hdr_t& header);

}  // namespace mrf::bam
