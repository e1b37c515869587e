// SPDX-License-Identifier: MIT
#include "bam/file_index.h"

#include <fmt/format.h>

#include <cerrno>
#include <new>

#include "bam/index_builder.h"
#include "base/error.h"
#include "io/output_file.h"
#include "sam/hts.h"

namespace mrf::bam {

namespace {

struct Wanted {
  int width_of_bins = 0;  // of CSI; 0: BAI or CRAI
  bool is_text = false;
};

Wanted look_at(const std::string& path) {
  errno = 0;
  const sam::HtsFilePtr file(hts_open(path.c_str(), "r"));
  if (!file) throw base::SystemError("open", path, errno != 0 ? errno : EINVAL);
  const sam::HeaderPtr header(sam_hdr_read(file.get()));
  if (!header) throw base::DataError("index", path, "it has no header of alignments");
  const htsExactFormat format = hts_get_format(file.get())->format;
  const bool is_csi = format != htsExactFormat::cram && IndexBuilder::needs_csi(*header, path);
  return {is_csi ? IndexBuilder::min_shift : 0, format == htsExactFormat::sam};
}

}  // namespace

void write_file_index(const std::string& path, const std::string& to, unsigned threads) {
  constexpr int cannot_open = -2;
  constexpr int no_format = -3;
  constexpr int cannot_save = -4;
  io::OutputFile output(to);
  if (output.is_direct()) throw base::UsageError("write", output.name(), "an index is a file");
  const Wanted wanted = look_at(path);
  // htslib 1.16 gives other offsets when threads parse SAM.
  const int used = wanted.is_text ? 0 : static_cast<int>(threads);
  errno = 0;
  const std::string place = fmt::format("/proc/self/fd/{}", output.fd().get());
  const int result = sam_index_build3(path.c_str(), place.c_str(), wanted.width_of_bins, used);
  if (result == cannot_save) throw base::SystemError("write", output.name(), errno != 0 ? errno : EIO);
  if (result == cannot_open) throw base::SystemError("open", path, errno != 0 ? errno : EIO);
  if (result == no_format) throw base::DataError("index", path, "it is neither BAM nor CRAM nor SAM in BGZF");
  if (result != 0) {
    throw base::DataError(
        "index", path,
        "its records are not sorted by position, one of them ends beyond the positions that the "
        "index can hold, or it is damaged");
  }
  output.commit();
}

}  // namespace mrf::bam
