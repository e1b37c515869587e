// SPDX-License-Identifier: MIT
#include "bam/source.h"

#include "bam/bam_source.h"
#include "bam/cram_source.h"
#include "bam/sam_source.h"

namespace mrf::bam {

std::unique_ptr<Source> make_source(Input& input, const std::string& reference) {
  if (input.format() == Format::bam) return make_bam_source(input);
  if (input.format() == Format::sam) return make_sam_source(input);
  return make_cram_source(input, reference);
}

}  // namespace mrf::bam
