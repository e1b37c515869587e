// SPDX-License-Identifier: MIT
#include <htslib/bgzf.h>

#include <algorithm>
#include <stdexcept>

#include "bam/encoder.h"
#include "bam/header.h"
#include "bam/record.h"
#include "stream/bgzf.h"

namespace mrf::bam {

namespace {

class BamEncoder : public Encoder {
 public:
  explicit BamEncoder(int level) : level_(level) {}

  void begin(sam_hdr_t& header, Buffer& to) override {
    Buffer plain;
    append_bam_header(header, plain);
    BgzfDeflater deflater(1);
    deflate(plain.view(), deflater, to);
  }
  const char* add(const sam_hdr_t&, const bam1_t& record, Batch& batch) override {
    return store_record(record, batch.plain);
  }
  void close(Batch& batch) override { deflate(batch.plain.view(), batch.deflater, batch.out); }
  void end(Buffer& to) override { to.append(bgzf_eof); }

 private:
  // Blocks of equal size, so that none is small at the end of a batch.
  void deflate(std::string_view plain, BgzfDeflater& deflater, Buffer& to) const {
    if (plain.empty()) return;
    const std::size_t blocks = (plain.size() + bgzf_payload - 1) / bgzf_payload;
    const std::size_t step = (plain.size() + blocks - 1) / blocks;
    for (std::size_t at = 0; at < plain.size(); at += step) {
      to.add(make_block(plain.substr(at, step), deflater, to.room(bgzf_max_block)));
    }
  }

  // For the other levels htslib's library (libdeflate) compresses best.
  std::size_t make_block(std::string_view payload, BgzfDeflater& deflater, char* to) const {
    if (level_ == 1) return deflater.block(payload, {to, bgzf_max_block});
    std::size_t size = bgzf_max_block;
    if (bgzf_compress(to, &size, payload.data(), payload.size(), level_) != 0) {
      throw std::runtime_error("htslib cannot deflate");
    }
    return size;
  }

  int level_;
};

}  // namespace

std::unique_ptr<Encoder> make_bam_encoder(int level) { return std::make_unique<BamEncoder>(level); }

}  // namespace mrf::bam
