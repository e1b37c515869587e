// SPDX-License-Identifier: MIT
#include "split/splitter.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace mrf::split {

namespace {

// A record of which this much is there without an end is passed on in parts, where its framer allows it.
constexpr std::size_t long_record = std::size_t{1} << 20;

// The input's last record when it lacks its end; the view is not empty.
std::size_t pass_tail(Input& input, Outputs& outputs, std::size_t output) {
  const std::size_t size = input.view().size();
  const std::string_view rest = input.framer().complete(input.view());
  input.pass(output, {size, 1});
  outputs.put(output, rest);
  return size + rest.size();
}

// The bytes of a long record that went to the output; 0 when more of the input is needed. `seen` is the front
// of the view in which the framer found no end of it.
std::size_t pass_part(Input& input, std::string_view seen, std::size_t output) {
  if (seen.size() < long_record) return 0;
  const std::size_t part = input.framer().take_part(seen);
  if (part > 0) input.pass(output, {part, 0});
  return part;
}

class RecordSplitter : public Splitter {
 public:
  RecordSplitter(Outputs& outputs, std::unique_ptr<Scheduler> scheduler, std::uint64_t records)
      : outputs_(outputs), scheduler_(std::move(scheduler)), records_(records) {}

  void split(Input& input) override {
    do {
      while (split_some(input)) {
      }
    } while (input.more());
    if (input.view().empty()) return;
    pass_tail(input, outputs_, output_);
    --left_;
  }

 private:
  // False when more of the input is needed.
  bool split_some(Input& input) {
    if (input.view().empty()) return false;
    if (left_ == 0) {
      output_ = scheduler_->next();
      left_ = records_;
    }
    const record::Span span = input.take(input.view(), left_);
    if (span.records == 0) return pass_part(input, input.view(), output_) > 0;
    input.pass(output_, span);
    left_ -= span.records;
    return true;
  }

  Outputs& outputs_;
  std::unique_ptr<Scheduler> scheduler_;
  const std::uint64_t records_;
  std::uint64_t left_ = 0;
  std::size_t output_ = 0;
};

class ByteSplitter : public Splitter {
 public:
  ByteSplitter(Outputs& outputs, std::unique_ptr<Scheduler> scheduler, std::uint64_t bytes)
      : outputs_(outputs), scheduler_(std::move(scheduler)), bytes_(bytes), output_(scheduler_->next()) {}

  void split(Input& input) override {
    do {
      while (split_some(input)) {
      }
    } while (input.more());
    if (input.view().empty()) return;
    if (!inside_ && input.view().size() > bytes_ - used_) next_unless_fresh();
    use(pass_tail(input, outputs_, output_));
    inside_ = false;
  }

 private:
  // False when more of the input is needed.
  bool split_some(Input& input) {
    const std::string_view view = input.view();
    const std::string_view front = inside_ ? view : view.substr(0, bytes_ - used_);
    record::Span span = input.take(front, inside_ ? 1 : everything);
    if (span.bytes == 0 && split_part(input, front)) return true;
    if (span.bytes == 0 && !inside_ && view.size() >= bytes_ - used_) {
      if (next_unless_fresh()) return true;
      span = input.take(view, 1);
      if (span.bytes == 0) return split_part(input, view);
    }
    if (span.bytes == 0) return false;
    input.pass(output_, span);
    use(span.bytes);
    inside_ = false;
    return true;
  }

  // A record whose first long_record bytes fit into the chunk is the chunk's: whether the rest does would be
  // known too late.
  bool split_part(Input& input, std::string_view seen) {
    const std::size_t part = pass_part(input, seen, output_);
    use(part);
    inside_ |= part > 0;
    return part > 0;
  }

  void use(std::size_t bytes) { used_ = std::min(bytes_, used_ + bytes); }

  // Goes on to the next output, if anything went to this one since it was its turn.
  bool next_unless_fresh() {
    if (used_ == 0) return false;
    output_ = scheduler_->next();
    used_ = 0;
    return true;
  }

  static constexpr auto everything = std::numeric_limits<std::uint64_t>::max();

  Outputs& outputs_;
  std::unique_ptr<Scheduler> scheduler_;
  const std::uint64_t bytes_;
  std::uint64_t used_ = 0;
  std::size_t output_;
  bool inside_ = false;
};

}  // namespace

std::unique_ptr<Splitter> make_record_splitter(Outputs& outputs, std::unique_ptr<Scheduler> scheduler,
                                               std::uint64_t records) {
  return std::make_unique<RecordSplitter>(outputs, std::move(scheduler), records);
}

std::unique_ptr<Splitter> make_byte_splitter(Outputs& outputs, std::unique_ptr<Scheduler> scheduler,
                                             std::uint64_t bytes) {
  return std::make_unique<ByteSplitter>(outputs, std::move(scheduler), bytes);
}

}  // namespace mrf::split
