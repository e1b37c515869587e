// SPDX-License-Identifier: MIT
#include "codec/bgzf_writer.h"

#include <utility>

namespace mrf::codec {

BgzfWriter::BgzfWriter(std::size_t streams, std::size_t job_bytes, int level, unsigned threads,
                       Deliver deliver)
    : job_bytes_(job_bytes),
      level_(level),
      filling_(streams),
      pipeline_(threads, {{[this](Job& job) { pack(job); }, false},
                          {[deliver = std::move(deliver)](Job& job) { deliver(job.packed); }, true}}) {}

bool BgzfWriter::write(std::size_t stream, std::string_view bytes) {
  Block& block = filling_[stream];
  bool any = false;
  while (!bytes.empty()) {
    if (block.bytes == nullptr) block.bytes = std::make_unique_for_overwrite<char[]>(job_bytes_);
    const std::size_t n = bytes.copy(block.bytes.get() + block.size, job_bytes_ - block.size);
    block.size += n;
    bytes.remove_prefix(n);
    if (block.size < job_bytes_) continue;
    close(stream);
    any = true;
  }
  return any;
}

void BgzfWriter::close(std::size_t stream) {
  if (filling_[stream].size == 0) return;
  Job& job = pipeline_.next();
  std::swap(job.plain, filling_[stream]);
  filling_[stream].size = 0;
  job.packed.stream = stream;
  pipeline_.submit();
}

void BgzfWriter::pack(Job& job) const {
  const std::size_t blocks = (job_bytes_ + bgzf_payload - 1) / bgzf_payload;
  if (!job.deflater) job.deflater.emplace(level_);
  if (job.packed.bytes == nullptr)
    job.packed.bytes = std::make_unique_for_overwrite<char[]>(blocks * bgzf_max_block);
  job.packed.size = 0;
  for (std::string_view rest = job.plain.view(); !rest.empty();) {
    const std::string_view payload = rest.substr(0, bgzf_payload);
    job.packed.size +=
        job.deflater->block(payload, {job.packed.bytes.get() + job.packed.size, bgzf_max_block});
    rest.remove_prefix(payload.size());
  }
}

}  // namespace mrf::codec
