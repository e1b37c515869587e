// SPDX-License-Identifier: MIT
#include "bam/block_encoder.h"
#include "sam/header.h"
#include "sam/record.h"

namespace mrf::bam {

namespace {

class BamEncoder : public BlockEncoder {
 public:
  using BlockEncoder::BlockEncoder;
  bool takes_raw() const override { return !is_indexed(); }

 protected:
  void append_header(sam_hdr_t& header, sam::Buffer& to) override { sam::append_bam_header(header, to); }
  std::string append_record(const bam1_t& record, Batch&, sam::Buffer& to) override {
    return sam::store_record(record, to);
  }
};

}  // namespace

std::unique_ptr<Encoder> make_bam_encoder(int level, bool index) {
  return std::make_unique<BamEncoder>(BlockEncoder::Cut::between_records, level, index);
}

std::unique_ptr<Encoder> make_bam_stream_encoder() {
  return std::make_unique<BamEncoder>(BlockEncoder::Cut::as_they_come, 0, false);
}

}  // namespace mrf::bam
