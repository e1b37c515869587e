// SPDX-License-Identifier: MIT
#include "bam/cram_source.h"

#include <htslib/cram.h>

#include <utility>

#include "bam/reference.h"
#include "sys/error.h"

namespace mrf::bam {

namespace {

constexpr std::size_t batch_size = 4096;

class CramSource : public Source {
 public:
  CramSource(Input& input, const std::string& reference) {
    name_ = input.name();
    keep_references_local();
    hFILE* stored = input.release().release();
    file_.reset(hts_hopen(stored, name_.c_str(), "r"));
    if (!file_) {
      hclose_abruptly(stored);
      throw DataError("read", name_, "malformed CRAM");
    }
    if (!reference.empty() && hts_set_fai_filename(file_.get(), reference.c_str()) != 0) {
      throw SystemError("open", reference);
    }
    header_.reset(sam_hdr_read(file_.get()));
    if (!header_) throw DataError("read", name_, "malformed header");
    forget_remote_references(*cram_fd_get_header(file_->fp.cram));
  }

  bool fill(Batch& batch) override {
    if (ended_) return false;
    batch.reset(filled_++);
    while (batch.read < batch_size) {
      if (batch.read == batch.records.size()) batch.records.push_back(make_record());
      const int result = sam_read1(file_.get(), header_.get(), batch.records[batch.read].get());
      if (result < 0) {
        ended_ = true;
        if (result < -1) batch.reason = "malformed or truncated CRAM, or its reference is missing";
        break;
      }
      ++batch.read;
    }
    return true;
  }

  void decode(Batch& batch, const RecordStep& step) override {
    const std::string reason = std::exchange(batch.reason, {});
    for (std::size_t i = 0; i < batch.read; ++i) {
      ++batch.records_in;
      step(*batch.records[i]);
    }
    if (batch.reason.empty()) batch.reason = reason;
  }

 private:
  HtsFilePtr file_;
  std::uint64_t filled_ = 0;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<Source> make_cram_source(Input& input, const std::string& reference) {
  return std::make_unique<CramSource>(input, reference);
}

}  // namespace mrf::bam
