// SPDX-License-Identifier: MIT
#include "bam/block_encoder.h"

#include <algorithm>

#include "bam/block_cutter.h"
#include "base/error.h"
#include "codec/bgzf.h"
#include "sam/header.h"
#include "sam/record.h"

namespace mrf::bam {

// The header has blocks of its own, so that the first record begins one.
void BlockEncoder::begin(sam_hdr_t& header, Output& to) {
  Batch batch;
  append_header(header, batch.plain);
  deflate_anywhere(batch.plain.view(), batch);
  to.write(batch.out.view());
  if (indexed_) index_.emplace(header, batch.out.size(), to.name());
}

std::string BlockEncoder::add(const sam_hdr_t&, const bam1_t& record, Batch& batch) {
  const std::size_t before = batch.plain.size();
  if (before == 0)
    batch.plain.room(batch.bytes.size());  // about what is needed: growing leaves holes in memory
  std::string reason = append_record(record, batch, batch.plain);
  if (indexed_ && reason.empty()) batch.places.push_back(index_entry_of(record, batch.plain.size() - before));
  return reason;
}

void BlockEncoder::add_raw(std::string_view records, Batch& batch) {
  if (cut_ != Cut::as_they_come || records.size() < codec::bgzf_payload) {
    batch.plain.append(records);
    return;
  }
  deflate_anywhere(batch.plain.view(), batch);
  batch.plain.clear();
  deflate_anywhere(records, batch);
}

// No batch follows one that failed.
void BlockEncoder::join(Batch& batch) {
  batch.own = batch.plain.view();
  if (cut_ == Cut::as_they_come) return;
  rest_of_ = batch.number;
  batch.joined.swap(rest_);
  rest_.clear();
  if (!batch.joined.empty()) {
    const std::string_view first =
        batch.own.substr(0, fitting(batch.own, codec::bgzf_payload - batch.joined.size()));
    batch.joined.append(first);
    batch.own.remove_prefix(first.size());
  }
  if (!batch.is_good()) return;
  if (batch.own.empty() && batch.joined.size() < codec::bgzf_payload) batch.joined.swap(rest_);
  const std::size_t full = closed(batch.own);
  rest_.append(batch.own.substr(full));
  batch.own = batch.own.substr(0, full);
}

void BlockEncoder::pack(Batch& batch) {
  deflate(batch.joined, batch);
  deflate(batch.own, batch);
}

void BlockEncoder::deliver(Batch& batch, Output& to) {
  if (index_) index_->add(batch.places, batch.blocks);
  to.write(batch.out.view());
  delivered_ = batch.number;
}

void BlockEncoder::write_rest(Output& to) {
  Batch batch;
  deflate(rest_, batch);
  if (index_) index_->add(batch.places, batch.blocks);
  to.write(batch.out.view());
}

void BlockEncoder::end(Output& to) {
  write_rest(to);
  if (index_) index_->finish();
  to.write(codec::bgzf_eof);
}

// Leaves out the end-of-file block.
void BlockEncoder::break_off(Output& to) {
  if (rest_of_ == delivered_) write_rest(to);
}

void BlockEncoder::save_index(const std::string&, const std::string& path, const std::string& name) {
  index_->save(path, name);
}

std::string BlockEncoder::index_extension() const { return index_->extension(); }

std::size_t BlockEncoder::fitting(std::string_view plain, std::size_t room) const {
  return cut_ == Cut::between_records ? BlockCutter::fitting(plain, room) : std::min(plain.size(), room);
}

std::size_t BlockEncoder::closed(std::string_view plain) const {
  return cut_ == Cut::between_records ? BlockCutter::closed(plain)
                                      : plain.size() / codec::bgzf_payload * codec::bgzf_payload;
}

void BlockEncoder::deflate(std::string_view plain, Batch& batch) const {
  if (cut_ != Cut::between_records) {
    deflate_anywhere(plain, batch);
    return;
  }
  BlockCutter cutter(level_ >= codec::FieldDeflater::least_level &&
                     level_ <= codec::FieldDeflater::most_level);
  while (!plain.empty()) {
    const std::string_view payload = cutter.cut(plain);
    add_block(payload, cutter.fields(), batch);
  }
}

void BlockEncoder::deflate_anywhere(std::string_view plain, Batch& batch) const {
  for (; !plain.empty(); plain.remove_prefix(std::min(codec::bgzf_payload, plain.size()))) {
    add_block(plain.substr(0, codec::bgzf_payload), {}, batch);
  }
}

void BlockEncoder::add_block(std::string_view payload, std::span<const codec::FieldSpan> fields,
                             Batch& batch) const {
  if (!batch.deflater) batch.deflater.emplace(level_);
  const std::size_t size =
      batch.deflater->block(payload, fields, {batch.out.room(codec::bgzf_max_block), codec::bgzf_max_block});
  batch.out.add(size);
  batch.blocks.push_back({payload.size(), size});
}

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
