// SPDX-License-Identifier: MIT
#include "collect/order.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "record/bam_aux.h"
#include "record/framer.h"

namespace mrf::collect {

namespace {

class AnyOrder : public Order {
 public:
  AnyOrder(const Inputs& inputs, Selector& selector) : selector_(selector) {
    for (const auto& input : inputs) {
      selector.want(*input);
      read_.push_back(input.get());
    }
  }

  bool advance(BatchedOutput& output) override {
    for (Input* input : read_) {
      input->pass(output);
      if (input->is_over()) selector_.unwant(*input);
    }
    read_.clear();
    return selector_.wanted() == 0;
  }

  void note_read(Input& input) override { read_.push_back(&input); }

 private:
  Selector& selector_;
  /// Inputs that may have records.
  std::vector<Input*> read_;
};

class ConcatOrder : public Order {
 public:
  ConcatOrder(const Inputs& inputs, Selector& selector) : inputs_(inputs), selector_(selector) {}

  bool advance(BatchedOutput& output) override {
    for (; current_ < inputs_.size(); ++current_) {
      Input& input = *inputs_[current_];
      input.pass(output);
      if (input.is_over()) continue;
      selector_.want_only(input);
      return false;
    }
    return true;
  }

 private:
  const Inputs& inputs_;
  Selector& selector_;
  std::size_t current_ = 0;
};

class RowsOrder : public Order {
 public:
  RowsOrder(const Inputs& inputs, Selector& selector, std::uint64_t chunk, bool ragged)
      : inputs_(inputs),
        selector_(selector),
        chunk_(chunk),
        ragged_(ragged),
        left_(chunk),
        before_(inputs.size() - 1) {
    for (std::size_t i = 0; i < inputs.size(); ++i) next_.push_back((i + 1) % inputs.size());
  }

  bool advance(BatchedOutput& output) override {
    while (!is_over_) {
      Input& input = *inputs_[turn_];
      if (input.has_records()) {
        if (first_over_ != nullptr) fail(input);
        left_ -= input.pass(output, left_);
        if (left_ == 0) {
          before_ = turn_;
          next_turn();
        }
      } else if (input.is_over()) {
        if (!ragged_ && first_over_ == nullptr) first_over_ = &input;
        is_over_ = next_[turn_] == turn_;
        next_[before_] = next_[turn_];
        next_turn();
      } else {
        selector_.want_only(input);
        return false;
      }
    }
    return true;
  }

 private:
  void next_turn() {
    turn_ = next_[turn_];
    left_ = chunk_;
  }

  [[noreturn]] void fail(const Input& input) const {
    throw base::DataError(
        "collect", input.name(),
        fmt::format("it goes on in its turn after '{}' ended with {} records: the counts do not fit",
                    first_over_->name(), first_over_->records()));
  }

  const Inputs& inputs_;
  Selector& selector_;
  const std::uint64_t chunk_;
  const bool ragged_;
  /// The ring of the inputs that are not over: whose turn comes after whose.
  std::vector<std::size_t> next_;
  std::size_t turn_ = 0;
  std::uint64_t left_;
  std::size_t before_;
  bool is_over_ = false;
  const Input* first_over_ = nullptr;
};

// One input with its first record parsed.
struct Cursor {
  Input* input;
  record::SequenceUnwrapper unwrapper{};
  std::int64_t number = 0;
  /// That of the record written last.
  std::int64_t written = -1;
  std::uint64_t record = 0;
  std::size_t size = 0;
  record::SequenceMark mark{};
  /// Checks what is left of a record without its number; null for forms that need no check.
  std::unique_ptr<record::Framer> checker{};
};

constexpr std::size_t shown_bytes = 60;

// The front of a line, for messages.
std::string shown(std::string_view record) {
  const std::string_view line = record.substr(0, record.find_first_of(std::string_view("\n\0", 2)));
  return fmt::format("'{}{}'", line.substr(0, shown_bytes), line.size() > shown_bytes ? "..." : "");
}

// The NUL-terminated name behind the fixed fields (SAM specification, section 4.2).
std::string name_of_bam(std::string_view record) {
  constexpr std::size_t name_at = 36;
  return record.size() > name_at ? shown(record.substr(name_at)) : "without a name";
}

class SequenceOrder : public Order {
 public:
  SequenceOrder(const Inputs& inputs, Selector& selector, record::SequencePlace place,
                const record::RecordForm& form)
      : selector_(selector), place_(place) {
    const bool is_fastq = form.kind == record::RecordForm::Kind::fastq;
    for (const auto& input : inputs) {
      cursors_.push_back({input.get()});
      if (is_fastq) cursors_.back().checker = record::make_framer(form, input->name());
    }
    for (auto& cursor : cursors_) wait_for(cursor);
  }

  bool advance(BatchedOutput& output) override {
    while (selector_.wanted() == 0 && !heap_.empty()) write_span(*heap_.front(), output);
    return selector_.wanted() == 0;
  }

  void note_read(Input& input) override { wait_for(cursors_[input.number()]); }

 private:
  // As long as there is no record and no end.
  void wait_for(Cursor& cursor) {
    if (parse_first(cursor)) {
      heap_.push_back(&cursor);
      std::push_heap(heap_.begin(), heap_.end(), is_later);
    } else if (!cursor.input->is_over()) {
      return selector_.want(*cursor.input);
    }
    selector_.unwant(*cursor.input);
  }

  // Writes the records of the cursor in front until another cursor's turn comes or this one's are written.
  void write_span(Cursor& cursor, BatchedOutput& output) {
    const Cursor* next = second_cursor();
    if (last_ != nullptr && last_ != &cursor && last_->written == cursor.number) fail_twice(cursor);
    last_ = &cursor;
    do {
      cursor.written = cursor.number;
      write_first(cursor, output);
      if (!parse_first(cursor)) {
        remove_front();
        if (!cursor.input->is_over()) selector_.want(*cursor.input);
        return;
      }
    } while (next == nullptr || is_before(cursor, *next));
    sift_front();
  }

  void write_first(Cursor& cursor, BatchedOutput& output) {
    const RecordBatch& batch = cursor.input->front();
    const std::string_view record = batch.bytes.substr(0, cursor.size);
    const std::string_view before = record.substr(0, cursor.mark.begin);
    const std::string_view after = record.substr(cursor.mark.begin + cursor.mark.size);
    const std::size_t size = before.size() + after.size();
    if (cursor.checker) cursor.checker->take(after, 1);
    if (record.size() > BatchedOutput::copy_limit) {
      const std::string_view length = bam_length(size);
      output.copy(length);
      output.pass(batch.block, before.substr(length.size()));
      output.pass(batch.block, after);
    } else {
      char* to = output.room(record.size());
      std::memcpy(to, before.data(), before.size());
      std::memcpy(to + before.size(), after.data(), after.size());
      if (place_ == record::SequencePlace::aux) std::memcpy(to, bam_length(size).data(), sizeof length_);
      output.put(size);
    }
    cursor.input->drop(cursor.size, 1);
  }

  // What a BAM record of `size` bytes begins with, nothing for other records; valid until the next call.
  std::string_view bam_length(std::size_t size) {
    if (place_ != record::SequencePlace::aux) return {};
    length_ = static_cast<std::uint32_t>(size - sizeof length_);
    return {reinterpret_cast<const char*>(&length_), sizeof length_};
  }

  bool parse_first(Cursor& cursor) {
    if (!cursor.input->has_records()) return false;
    const std::string_view records = cursor.input->front().bytes;
    cursor.size = cursor.input->first_size(records);
    ++cursor.record;
    const std::string_view record = records.substr(0, cursor.size);
    const auto mark = record::find_sequence(place_, record);
    if (!mark) fail(cursor, why_unnumbered(record));
    if (mark->is_repeated) {
      fail(cursor, fmt::format("has the tag {} twice, so that one of them is its own: {}; {}", tag_name(),
                               shown_record(record), way_out));
    }
    cursor.mark = *mark;
    const std::int64_t before = cursor.unwrapper.last();
    cursor.number = cursor.unwrapper.unwrap(mark->number);
    if (cursor.number < before) {
      const std::int64_t last = before % std::int64_t{record::sequence_modulus};
      fail(cursor, fmt::format("has sequence number {}, {} {} before it", mark->number,
                               mark->number < last ? "less than" : "more than 2^30 after", last));
    }
    return true;
  }

  // Equal numbers keep the order of the inputs, which is that of cursors_.
  static bool is_before(const Cursor& a, const Cursor& b) {
    return a.number != b.number ? a.number < b.number : &a < &b;
  }
  static bool is_later(const Cursor* a, const Cursor* b) { return is_before(*b, *a); }

  const Cursor* second_cursor() const {
    if (heap_.size() < 2) return nullptr;
    return heap_.size() > 2 && is_before(*heap_[2], *heap_[1]) ? heap_[2] : heap_[1];
  }

  // Moves the front cursor to its place in the heap, after its number has changed.
  void sift_front() {
    Cursor* cursor = heap_.front();
    std::size_t at = 0;
    for (;;) {
      std::size_t child = 2 * at + 1;
      if (child >= heap_.size()) break;
      if (child + 1 < heap_.size() && is_before(*heap_[child + 1], *heap_[child])) ++child;
      if (is_before(*cursor, *heap_[child])) break;
      heap_[at] = heap_[child];
      at = child;
    }
    heap_[at] = cursor;
  }

  void remove_front() {
    heap_.front() = heap_.back();
    heap_.pop_back();
    if (!heap_.empty()) sift_front();
  }

  static constexpr std::string_view way_out = "--order rows and any need no number";

  std::string_view tag_name() const { return place_ == record::SequencePlace::aux ? "mi" : "mi:i:"; }

  std::string shown_record(std::string_view record) const {
    return place_ == record::SequencePlace::aux ? "read " + name_of_bam(record) : shown(record);
  }

  std::string why_unnumbered(std::string_view record) const {
    if (place_ == record::SequencePlace::aux) {
      record::AuxFields fields(record);
      while (fields.next()) {
      }
      if (!fields.rest().empty())
        return fmt::format("has a malformed field '{}': {}", fields.rest().substr(0, 2),
                           shown_record(record));
    }
    return fmt::format("has no sequence number: the filter lost {}: {}; {}", number_place(),
                       shown_record(record), way_out);
  }

  std::string number_place() const {
    return place_ == record::SequencePlace::column ? "the number in front of it"
                                                   : fmt::format("the tag {} at its end", tag_name());
  }

  // One number in two inputs: mrf-distribute gives each record to one worker.
  [[noreturn]] void fail_twice(const Cursor& cursor) const {
    fail(cursor,
         fmt::format("has the sequence number {}, as a record of '{}' has: a filter replaced the number or "
                     "removed it; the filter has to leave {} as it is, and {}",
                     cursor.mark.number, last_->input->name(), number_place(), way_out));
  }

  [[noreturn]] static void fail(const Cursor& cursor, const std::string& reason) {
    throw base::DataError("collect", cursor.input->name(),
                          fmt::format("record {} {}", cursor.record, reason));
  }

  Selector& selector_;
  const record::SequencePlace place_;
  std::uint32_t length_ = 0;
  std::vector<Cursor> cursors_;
  std::vector<Cursor*> heap_;
  const Cursor* last_ = nullptr;  // whose records were written last
};

}  // namespace

std::unique_ptr<Order> make_any_order(const Inputs& inputs, Selector& selector) {
  return std::make_unique<AnyOrder>(inputs, selector);
}

std::unique_ptr<Order> make_concat_order(const Inputs& inputs, Selector& selector) {
  return std::make_unique<ConcatOrder>(inputs, selector);
}

std::unique_ptr<Order> make_rows_order(const Inputs& inputs, Selector& selector, std::uint64_t chunk,
                                       bool ragged) {
  return std::make_unique<RowsOrder>(inputs, selector, chunk, ragged);
}

std::unique_ptr<Order> make_sequence_order(const Inputs& inputs, Selector& selector,
                                           record::SequencePlace place, const record::RecordForm& form) {
  return std::make_unique<SequenceOrder>(inputs, selector, place, form);
}

}  // namespace mrf::collect
