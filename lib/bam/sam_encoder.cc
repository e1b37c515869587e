// SPDX-License-Identifier: MIT
#include "bam/encoder.h"
#include "bam/header.h"
#include "bam/sam_text.h"

namespace mrf::bam {

namespace {

class SamEncoder : public Encoder {
 public:
  explicit SamEncoder(bool with_header) : with_header_(with_header) {}

  void begin(sam_hdr_t& header, Buffer& to) override {
    if (with_header_) to.append(header_text(header));
    text_ = std::make_unique<SamText>(header);
  }
  const char* add(const sam_hdr_t&, const bam1_t& record, Batch& batch) override {
    return text_->append(record, batch.out);
  }
  void close(Batch&) override {}
  void end(Buffer&) override {}

 private:
  bool with_header_;
  std::unique_ptr<SamText> text_;
};

}  // namespace

std::unique_ptr<Encoder> make_sam_encoder(bool with_header) {
  return std::make_unique<SamEncoder>(with_header);
}

}  // namespace mrf::bam
