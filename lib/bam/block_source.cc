// SPDX-License-Identifier: MIT
#include "bam/block_source.h"

#include <utility>

#include "base/error.h"
#include "sam/header.h"

namespace mrf::bam {

BlockSource::BlockSource(Input& input, bool permissive) : feed_(make_feed(input)), permissive_(permissive) {
  name_ = input.name();
}

void BlockSource::read_header() {
  Batch batch;
  std::size_t size = npos;
  for (bool more = true; size == npos;) {
    batch.reset();
    more = more && feed_->fill(batch);
    open(batch);
    start_damage_ = batch.damage;
    start_.append(batch.bytes.view());
    size = header_size(start_.view(), !more);
    if (size == npos && start_damage_) std::rethrow_exception(start_damage_);
    if (size == npos && !more) throw base::DataError("read", name_, "truncated: the header is not whole");
  }
  header_ = parse_header_bytes(start_.view().substr(0, size));
  sam::Buffer rest;
  rest.append(start_.view().substr(size));
  start_ = std::move(rest);
}

// The last batch is an empty one: it finds what was begun when the input ended.
bool BlockSource::fill(Batch& batch) {
  if (ended_) return false;
  if (start_.size() > 0 || start_damage_) {
    std::swap(batch.bytes, start_);
    start_ = sam::Buffer();
    batch.damage = std::exchange(start_damage_, nullptr);
    return true;
  }
  ended_ = batch.last = !feed_->fill(batch);
  return true;
}

// The blocks before a damaged one are there.
void BlockSource::open(Batch& batch) const {
  try {
    feed_->open(batch);
  } catch (const base::DataError&) {
    batch.damage = std::current_exception();
  }
}

void BlockSource::cut(Batch& batch) {
  if (broken_) return;
  std::string_view bytes = batch.bytes.view();
  if (!begun_.empty() && !(batch.last && ends_with_input())) {
    Whole rest = rest_of(begun_, bytes);
    if (rest.size == npos) {
      broken_ = !rest.fault.empty();
      batch.bad_end = std::move(rest.fault);
      begun_.append(bytes);
      return;
    }
    begun_.append(bytes.substr(0, rest.size));
    bytes.remove_prefix(rest.size);
  }
  batch.head.swap(begun_);
  begun_.clear();
  Whole found = whole(bytes);
  batch.body = bytes.substr(0, found.size);
  batch.bad_end = std::move(found.fault);
  broken_ = !batch.bad_end.empty();
  begun_.append(bytes.substr(batch.body.size()));
}

void BlockSource::decode(Batch& batch, const RecordStep& step) {
  each_part(batch, [&](std::string_view part) { decode_part(part, batch, step); });
}

void BlockSource::each_part(Batch& batch, const std::function<void(std::string_view)>& part_step) {
  if (!batch.head.empty()) part_step(batch.head);
  if (batch.reason.empty()) part_step(batch.body);
  if (batch.reason.empty()) batch.reason = batch.bad_end;
  if (batch.reason.empty()) batch.failure = batch.damage;
}

const char* BlockSource::what_is_missing() const {
  if (const char* reason = feed_->what_is_missing(); reason != nullptr) return reason;
  return begun_.empty() ? nullptr : "truncated: the last record is not whole";
}

}  // namespace mrf::bam
