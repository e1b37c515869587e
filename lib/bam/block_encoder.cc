// SPDX-License-Identifier: MIT
#include "bam/block_encoder.h"

#include <htslib/bgzf.h>

#include <stdexcept>

#include "stream/bgzf.h"
#include "sys/error.h"

namespace mrf::bam {

// The header has blocks of its own, so that the first record begins one.
void BlockEncoder::begin(sam_hdr_t& header, Output& to) {
  Batch batch;
  append_header(header, batch.plain);
  close(batch);
  to.write(batch.out.view());
  if (indexed_) index_.emplace(header, batch.out.size(), to.name());
}

const char* BlockEncoder::add(const sam_hdr_t&, const bam1_t& record, Batch& batch) {
  const std::size_t before = batch.plain.size();
  const char* reason = append_record(record, batch.plain);
  if (indexed_ && reason == nullptr) batch.places.push_back(place_of(record, batch.plain.size() - before));
  return reason;
}

void BlockEncoder::close(Batch& batch) { deflate(batch.plain.view(), batch); }

void BlockEncoder::deliver(Batch& batch, Output& to) {
  if (index_) index_->add(batch.places, batch.blocks);
  to.write(batch.out.view());
}

void BlockEncoder::end(Output& to) {
  if (index_) index_->finish();
  to.write(bgzf_eof);
}

void BlockEncoder::save_index(const std::string&, const std::string& path) { index_->save(path); }

std::string BlockEncoder::index_extension() const { return index_->extension(); }

// Blocks of equal size, so that none is small at the end of a batch.
void BlockEncoder::deflate(std::string_view plain, Batch& batch) const {
  if (plain.empty()) return;
  const std::size_t blocks = (plain.size() + bgzf_payload - 1) / bgzf_payload;
  const std::size_t step = (plain.size() + blocks - 1) / blocks;
  for (std::size_t at = 0; at < plain.size(); at += step) {
    const std::string_view payload = plain.substr(at, step);
    const std::size_t size = make_block(payload, batch.deflater, batch.out.room(bgzf_max_block));
    batch.out.add(size);
    batch.blocks.push_back({payload.size(), size});
  }
}

// For the other levels htslib's library (libdeflate) compresses best.
std::size_t BlockEncoder::make_block(std::string_view payload, BgzfDeflater& deflater, char* to) const {
  if (level_ == 1) return deflater.block(payload, {to, bgzf_max_block});
  std::size_t size = bgzf_max_block;
  if (bgzf_compress(to, &size, payload.data(), payload.size(), level_) != 0) {
    throw std::runtime_error("htslib cannot deflate");
  }
  return size;
}

}  // namespace mrf::bam
