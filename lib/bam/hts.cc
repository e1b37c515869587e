// SPDX-License-Identifier: MIT
#include "bam/hts.h"

#include <new>

namespace mrf::bam {

RecordPtr make_record() {
  RecordPtr record(bam_init1());
  if (!record) throw std::bad_alloc();
  return record;
}

void silence_htslib() { hts_set_log_level(HTS_LOG_OFF); }

std::string hts_library() { return std::string("htslib ") + hts_version(); }

}  // namespace mrf::bam
