// SPDX-License-Identifier: MIT
#include <optional>

#include "bam/block_encoder.h"
#include "sam/header.h"
#include "sam/sam_text.h"

namespace mrf::bam {

namespace {

// A line that is no record and does not end: a reader of text has no other way to see that it is not whole.
constexpr std::string_view broken_line = "[this stream is not whole: the program that wrote it has failed]";

class SamEncoder : public Encoder {
 public:
  SamEncoder(bool with_header, bool permissive) : with_header_(with_header), permissive_(permissive) {}

  void begin(sam_hdr_t& header, Output& to) override {
    if (with_header_) to.write(sam::header_text(header));
    text_.emplace(header);
  }
  std::string add(const sam_hdr_t&, const bam1_t& record, Batch& batch) override {
    return text_->append(record, batch.out, sam::Lenience(permissive_ ? &batch.deviations : nullptr));
  }
  bool checks_tags() const override { return !permissive_; }  // else they have been counted
  void end(Output&) override {}
  void break_off(Output& to) override { to.write(broken_line); }
  void save_index(const std::string&, const std::string&, const std::string&) override {}
  std::string index_extension() const override { return ""; }

 private:
  bool with_header_;
  bool permissive_;
  std::optional<sam::SamText> text_;
};

class SamGzEncoder : public BlockEncoder {
 public:
  SamGzEncoder(int level, bool index, bool permissive, bool with_header)
      : BlockEncoder(Cut::anywhere, level, index), permissive_(permissive), with_header_(with_header) {}
  bool checks_tags() const override { return !permissive_; }

 protected:
  void append_header(sam_hdr_t& header, sam::Buffer& to) override {
    if (with_header_) to.append(sam::header_text(header));
    text_.emplace(header);
  }
  std::string append_record(const bam1_t& record, Batch& batch, sam::Buffer& to) override {
    return text_->append(record, to, sam::Lenience(permissive_ ? &batch.deviations : nullptr));
  }

 private:
  bool permissive_;
  bool with_header_;
  std::optional<sam::SamText> text_;
};

}  // namespace

std::unique_ptr<Encoder> make_sam_encoder(bool with_header, bool permissive) {
  return std::make_unique<SamEncoder>(with_header, permissive);
}

std::unique_ptr<Encoder> make_sam_gz_encoder(int level, bool index, bool permissive, bool with_header) {
  return std::make_unique<SamGzEncoder>(level, index, permissive, with_header);
}

}  // namespace mrf::bam
