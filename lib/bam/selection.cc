// SPDX-License-Identifier: MIT
#include "bam/selection.h"

#include <new>

#include "sys/error.h"

namespace mrf::bam {

std::uint16_t parse_flags(const std::string& text) {
  const int flags = bam_str2flag(text.c_str());
  if (flags < 0 || flags > 0xffff) throw UsageError("use flags", text, "neither a number nor names of flags");
  return static_cast<std::uint16_t>(flags);
}

Selector::Selector(const Selection& selection) : selection_(selection) {
  if (selection_.expression.empty()) return;
  filter_.reset(hts_filter_init(selection_.expression.c_str()));
  if (!filter_) throw std::bad_alloc();
}

bool Selector::passes(std::uint16_t flags, std::uint8_t mapq) const {
  return (flags & selection_.all_flags) == selection_.all_flags && (flags & selection_.no_flags) == 0 &&
         mapq >= selection_.least_mapq;
}

bool Selector::passes(const sam_hdr_t& header, const bam1_t& record) const {
  if (!passes(record.core.flag, record.core.qual)) return false;
  if (!filter_) return true;
  const int verdict = sam_passes_filter(&header, &record, filter_.get());
  if (verdict < 0) throw UsageError("use expression", selection_.expression, "it cannot be evaluated");
  return verdict > 0;
}

}  // namespace mrf::bam
