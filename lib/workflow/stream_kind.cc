// SPDX-License-Identifier: MIT
#include "workflow/stream_kind.h"

#include <string_view>

namespace mrf {

bool is_url(const std::string& name) { return name.starts_with("http://") || name.starts_with("https://"); }

StreamKind kind_of(const std::string& name) {
  std::string_view path = name;
  if (is_url(name)) path = path.substr(0, path.find_first_of("?#"));
  const bool gzip = path.ends_with(".gz");
  for (const char* format : {"sam", "bam", "cram", "sam.gz"}) {
    if (path.ends_with(std::string(".") + format)) return {true, format, "line", gzip};
  }
  if (gzip) path.remove_suffix(3);
  const bool fastq = path.ends_with(".fastq") || path.ends_with(".fq");
  return {false, "", fastq ? "fastq" : "line", gzip};
}

}  // namespace mrf
