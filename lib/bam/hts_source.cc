// SPDX-License-Identifier: MIT
#include "bam/hts_source.h"

#include <htslib/cram.h>

#include <cstdio>
#include <new>
#include <utility>

#include "bam/reference.h"
#include "base/error.h"
#include "sam/header.h"

namespace mrf::bam {

namespace {

constexpr std::size_t batch_size = 4096;

}  // namespace

void HtsSource::open(Input& input, const SourceOptions& options) {
  name_ = input.name();
  keep_references_local();
  const bool cram = input.format() == Format::cram;
  HfilePtr stored = input.release();
  file_.reset(hts_hopen(stored.get(), input.path().c_str(), "r"));
  if (!file_) throw DataError("read", name_, "malformed beginning");
  stored_ = stored.release();
  start_threads(*file_, options.threads);
  set_reference(*file_, options.reference);
  HeaderPtr header(sam_hdr_read(file_.get()));
  if (!header) throw DataError("read", name_, "malformed header");
  header_ = with_long_references(std::move(header), name_);
  if (cram) forget_remote_references(*cram_fd_get_header(file_->fp.cram));
}

bool HtsSource::at_end() { return hgetc(stored_) == EOF; }

bool HtsSource::fill(Batch& batch) {
  if (ended_) return false;
  batch.reset(filled_++);
  while (batch.read < batch_size) {
    if (batch.read == batch.records.size()) batch.records.push_back(make_record());
    const int result = read(*batch.records[batch.read]);
    if (result < 0) {
      ended_ = true;
      if (result < -1) batch.reason = reason();
      break;
    }
    ++batch.read;
  }
  return true;
}

void HtsSource::decode(Batch& batch, const RecordStep& step) {
  const std::string reason = std::exchange(batch.reason, {});
  for (std::size_t i = 0; i < batch.read; ++i) {
    ++batch.records_in;
    step(*batch.records[i]);
  }
  if (batch.reason.empty()) batch.reason = reason;
}

}  // namespace mrf::bam
