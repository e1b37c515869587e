// SPDX-License-Identifier: MIT
#include "bam/block_source.h"

#include <utility>

#include "base/error.h"
#include "sam/header.h"

namespace mrf::bam {

BlockSource::BlockSource(Input& input) : feed_(make_feed(input)) { name_ = input.name(); }

void BlockSource::read_header() {
  Batch batch;
  std::size_t size = npos;
  for (bool more = true; size == npos;) {
    batch.reset(0);
    more = more && feed_->fill(batch);
    start_damage_ = open(batch);
    start_.append(batch.bytes.view());
    size = header_size(start_.view(), !more);
    if (size == npos && start_damage_) std::rethrow_exception(start_damage_);
    if (size == npos && !more) throw DataError("read", name_, "truncated: the header is not whole");
  }
  header_ = parse_header(start_.view().substr(0, size), name_);
  Buffer rest;
  rest.append(start_.view().substr(size));
  start_ = std::move(rest);
}

// The last batch is an empty one: it finds what was begun when the input ended.
bool BlockSource::fill(Batch& batch) {
  if (ended_) return false;
  batch.reset(filled_++);
  if (start_.size() > 0 || start_damage_) {
    std::swap(batch.bytes, start_);
    start_ = Buffer();
    batch.failure = std::exchange(start_damage_, nullptr);
    return true;
  }
  ended_ = batch.last = !feed_->fill(batch);
  return true;
}

void BlockSource::cut(Batch& batch) {
  std::string_view bytes = batch.bytes.view();
  if (!begun_.empty()) {
    const std::size_t n = batch.last && ends_with_input() ? 0 : rest_of(begun_, bytes);
    if (n == npos) {
      begun_.append(bytes);
      return;
    }
    begun_.append(bytes.substr(0, n));
    batch.head.swap(begun_);
    begun_.clear();
    bytes.remove_prefix(n);
  }
  batch.body = bytes.substr(0, whole(bytes));
  begun_.append(bytes.substr(batch.body.size()));
}

void BlockSource::decode(Batch& batch, const RecordStep& step) {
  each_part(batch, [&](std::string_view part) { decode_part(part, batch, step); });
}

// The blocks before a damaged one are there. Returns what is wrong with that one.
std::exception_ptr BlockSource::open(Batch& batch) const {
  try {
    feed_->open(batch);
  } catch (const DataError&) {
    return std::current_exception();
  }
  return nullptr;
}

void BlockSource::each_part(Batch& batch, const std::function<void(std::string_view)>& part_step) {
  std::exception_ptr damaged = std::exchange(batch.failure, nullptr);
  if (!damaged) damaged = open(batch);
  turns_.take(batch.number, [&] { cut(batch); });
  if (!batch.head.empty()) part_step(batch.head);
  if (batch.reason.empty()) part_step(batch.body);
  if (batch.reason.empty()) batch.failure = damaged;
}

const char* BlockSource::what_is_missing() const {
  if (const char* reason = feed_->what_is_missing(); reason != nullptr) return reason;
  return begun_.empty() ? nullptr : "truncated: the last record is not whole";
}

}  // namespace mrf::bam
