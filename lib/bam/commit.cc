// SPDX-License-Identifier: MIT
#include "bam/commit.h"

#include <fmt/format.h>

#include "base/error.h"

namespace mrf::bam {

namespace {

// proc(5): the way to a file that has no name yet.
std::string path_of(FdRef fd) { return fmt::format("/proc/self/fd/{}", fd.get()); }

}  // namespace

void check_can_index(const OutputFile& output) {
  if (output.is_direct()) throw UsageError("index", output.name(), "only a file can have an index");
}

void commit_with_index(Encoder& encoder, OutputFile& output, const std::string& path) {
  OutputFile index(path + encoder.index_extension());
  encoder.save_index(path_of(output.fd()), path_of(index.fd()));
  commit_together({&output, &index});
}

}  // namespace mrf::bam
