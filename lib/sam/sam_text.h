// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sam/buffer.h"
#include "sam/hts.h"
#include "sam/lenience.h"

namespace mrf::sam {

/// Writes records as SAM lines, byte for byte as sam_format1() of htslib does, in a fraction of its time.
class SamText {
 public:
  /// `header` outlives this.
  explicit SamText(const sam_hdr_t& header);

  /// Appends the line with its newline; its reference numbers are those of the header. Returns an empty
  /// string, or the reason why text cannot hold the record, so that it could not be read again; then nothing
  /// is appended. Throws std::bad_alloc.
  std::string append(const bam1_t& record, Buffer& to, Lenience lenience = Lenience()) const;

 private:
  std::string_view reference(std::int32_t id) const { return names_[static_cast<std::size_t>(id) + 1]; }
  char* write_fields(const bam1_t& record, char* to) const;

  std::vector<std::string_view> names_;  // "*" for -1 comes first
};

}  // namespace mrf::sam
