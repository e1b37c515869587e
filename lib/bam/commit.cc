// SPDX-License-Identifier: MIT
#include "bam/commit.h"

#include <fmt/format.h>

#include "base/error.h"

namespace mrf::bam {

namespace {

// proc(5): the way to a file that has no name yet.
std::string path_of(io::FdRef fd) { return fmt::format("/proc/self/fd/{}", fd.get()); }

}  // namespace

void check_can_index(const io::OutputFile& output) {
  if (output.is_direct()) throw base::UsageError("index", output.name(), "only a file can have an index");
}

void commit_with_index(Encoder& encoder, io::OutputFile& output, const std::string& path) {
  io::OutputFile index(path + encoder.index_extension());
  encoder.save_index(path_of(output.fd()), path_of(index.fd()));
  io::commit_together({&output, &index});
}

}  // namespace mrf::bam
