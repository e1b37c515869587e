// SPDX-License-Identifier: MIT
#include <optional>

#include "bam/block_encoder.h"
#include "sam/header.h"
#include "sam/sam_text.h"

namespace mrf::bam {

namespace {

class SamEncoder : public Encoder {
 public:
  explicit SamEncoder(bool with_header) : with_header_(with_header) {}

  void begin(sam_hdr_t& header, Output& to) override {
    if (with_header_) to.write(header_text(header));
    text_.emplace(header);
  }
  const char* add(const sam_hdr_t&, const bam1_t& record, Batch& batch) override {
    return text_->append(record, batch.out);
  }
  void close(Batch&) override {}
  void end(Output&) override {}
  void save_index(const std::string&, const std::string&) override {}
  std::string index_extension() const override { return ""; }

 private:
  bool with_header_;
  std::optional<SamText> text_;
};

class SamGzEncoder : public BlockEncoder {
 public:
  using BlockEncoder::BlockEncoder;

 protected:
  void append_header(sam_hdr_t& header, Buffer& to) override {
    to.append(header_text(header));
    text_.emplace(header);
  }
  const char* append_record(const bam1_t& record, Buffer& to) override { return text_->append(record, to); }

 private:
  std::optional<SamText> text_;
};

}  // namespace

std::unique_ptr<Encoder> make_sam_encoder(bool with_header) {
  return std::make_unique<SamEncoder>(with_header);
}

std::unique_ptr<Encoder> make_sam_gz_encoder(int level, bool index) {
  return std::make_unique<SamGzEncoder>(level, index);
}

}  // namespace mrf::bam
