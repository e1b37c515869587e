// SPDX-License-Identifier: MIT
#include "shard/record_walk.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace mrf::shard {

RecordWalk::RecordWalk(const Input& input, Position start, std::string name)
    : content_(input.fd(), input.name(), input.state().storage,
               input.state().storage == Storage::plain ? start : block_position(block_offset(start)),
               input.meter()),
      framer_(record::make_framer(input.form().record, name)),
      name_(std::move(name)),
      needs_newline_(input.form().needs_newline) {
  if (input.state().storage == Storage::bgzf) skip(start & 0xffff);
  wait_for_byte();
}

bool RecordWalk::is_over(Position end) const {
  const auto rest = content_.offset_of(end);
  return (rest && *rest == 0) || (has_ended_ && content_.view().empty());
}

// Takes whole records in front of the end; else the record that crosses it; else reads more bytes, or takes
// the tail of the input.
void RecordWalk::step(Position end, std::uint64_t most, const Take& take) {
  const std::string_view view = content_.view();
  const auto rest = content_.offset_of(end);
  record::Span span = framer_->take(view.substr(0, rest.value_or(view.size())), most);
  if (span.bytes == 0 && rest && *rest < view.size()) span = framer_->take(view, 1);
  if (span.bytes > 0) {
    take(view.substr(0, span.bytes));
    pass(span);
  } else if (!has_ended_) {
    has_ended_ = !content_.more();
  } else {
    const std::string_view end_of_record = framer_->complete(view);
    if (needs_newline_ && !end_of_record.empty())
      throw base::DataError("read", name_,
                            "its last line has no newline, as if it were cut off; --permissive takes it");
    take(view);
    take(end_of_record);
    pass({view.size(), 1});
  }
  wait_for_byte();
}

void RecordWalk::pass(const record::Span& span) {
  content_.consume(span.bytes);
  records_ += span.records;
}

void RecordWalk::skip(std::size_t bytes) {
  while (content_.view().size() < bytes && !has_ended_) has_ended_ = !content_.more();
  content_.consume(std::min(bytes, content_.view().size()));
}

// So that position() is that of a byte, or the end's.
void RecordWalk::wait_for_byte() {
  while (content_.view().empty() && !has_ended_) has_ended_ = !content_.more();
}

}  // namespace mrf::shard
