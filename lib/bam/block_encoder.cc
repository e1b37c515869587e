// SPDX-License-Identifier: MIT
#include "bam/block_encoder.h"

#include <algorithm>

#include "base/error.h"
#include "codec/bgzf.h"

namespace mrf::bam {

// The header has blocks of its own, so that the first record begins one.
void BlockEncoder::begin(sam_hdr_t& header, Output& to) {
  Batch batch;
  append_header(header, batch.plain);
  deflate(batch.plain.view(), batch);
  to.write(batch.out.view());
  if (indexed_) index_.emplace(header, batch.out.size(), to.name());
}

const char* BlockEncoder::add(const sam_hdr_t&, const bam1_t& record, Batch& batch) {
  const std::size_t before = batch.plain.size();
  const char* reason = append_record(record, batch.plain);
  if (indexed_ && reason == nullptr) batch.places.push_back(place_of(record, batch.plain.size() - before));
  return reason;
}

// Nothing is gained from full blocks where nothing is compressed, and no copy is needed then.
void BlockEncoder::add_raw(std::string_view records, Batch& batch) {
  if (level_ != 0 || records.size() < bgzf_payload) {
    batch.plain.append(records);
    return;
  }
  deflate(batch.plain.view(), batch);
  batch.plain.clear();
  deflate(records, batch);
}

void BlockEncoder::close(Batch& batch) {
  std::string_view own = batch.plain.view();
  if (level_ != 0) turns_.take(batch.turn, [&] { own = take_rest(batch); });
  deflate(batch.joined, batch);
  deflate(own, batch);
}

void BlockEncoder::give_up(Batch& batch) {
  turns_.wait(batch.turn);
  turns_.abandon();
}

// What does not fill a block waits for the next batch, unless there will be none. Returns what is left of
// this batch's own records.
std::string_view BlockEncoder::take_rest(Batch& batch) {
  std::string_view own = batch.plain.view();
  batch.joined.swap(rest_);
  rest_.clear();
  if (!batch.joined.empty()) {
    const std::string_view first = own.substr(0, bgzf_payload - batch.joined.size());
    batch.joined.append(first);
    own.remove_prefix(first.size());
  }
  if (!batch.reason.empty() || batch.failure) return own;
  if (own.empty() && batch.joined.size() < bgzf_payload) batch.joined.swap(rest_);
  const std::size_t full = own.size() / bgzf_payload * bgzf_payload;
  rest_.append(own.substr(full));
  return own.substr(0, full);
}

void BlockEncoder::deliver(Batch& batch, Output& to) {
  if (index_) index_->add(batch.places, batch.blocks);
  to.write(batch.out.view());
}

void BlockEncoder::end(Output& to) {
  Batch batch;
  deflate(rest_, batch);
  deliver(batch, to);
  if (index_) index_->finish();
  to.write(bgzf_eof);
}

void BlockEncoder::save_index(const std::string&, const std::string& path) { index_->save(path); }

std::string BlockEncoder::index_extension() const { return index_->extension(); }

void BlockEncoder::deflate(std::string_view plain, Batch& batch) const {
  if (plain.empty()) return;
  if (!batch.deflater) batch.deflater.emplace(level_);
  for (; !plain.empty(); plain.remove_prefix(std::min(bgzf_payload, plain.size()))) {
    const std::string_view payload = plain.substr(0, bgzf_payload);
    const std::size_t size = batch.deflater->block(payload, {batch.out.room(bgzf_max_block), bgzf_max_block});
    batch.out.add(size);
    batch.blocks.push_back({payload.size(), size});
  }
}

}  // namespace mrf::bam
