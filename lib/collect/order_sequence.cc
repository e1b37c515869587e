// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "collect/order.h"
#include "record/bam_aux.h"

namespace mrf::collect {

namespace {

// One input with its first record parsed.
struct Lane {
  Input* input;
  record::SequenceUnwrapper unwrapper{};
  std::int64_t number = 0;
  std::uint64_t record = 0;
  std::size_t size = 0;
  record::SequenceMark mark{};
  /// Looks at what is left of a record without its number; none where nothing is to be seen.
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
      lanes_.push_back({input.get()});
      if (is_fastq) lanes_.back().checker = record::make_framer(form, input->name());
    }
    for (auto& lane : lanes_) wait_for(lane);
  }

  bool advance(BatchedOutput& output) override {
    while (selector_.wanted() == 0 && !heap_.empty()) write_run(*heap_.front(), output);
    return selector_.wanted() == 0;
  }

  void note_read(Input& input) override { wait_for(lanes_[input.number()]); }

 private:
  // As long as there is no record and no end.
  void wait_for(Lane& lane) {
    if (parse_first(lane)) {
      heap_.push_back(&lane);
      std::push_heap(heap_.begin(), heap_.end(), is_later);
    } else if (!lane.input->is_over()) {
      return selector_.want(*lane.input);
    }
    selector_.unwant(*lane.input);
  }

  // Writes the records of the lane in front until another lane's turn comes or this one's are written.
  void write_run(Lane& lane, BatchedOutput& output) {
    const Lane* next = second_lane();
    do {
      write_first(lane, output);
      if (!parse_first(lane)) {
        remove_front();
        if (!lane.input->is_over()) selector_.want(*lane.input);
        return;
      }
    } while (next == nullptr || is_before(lane, *next));
    sift_front();
  }

  void write_first(Lane& lane, BatchedOutput& output) {
    const Chunk& chunk = lane.input->front();
    const std::string_view record = chunk.bytes.substr(0, lane.size);
    const std::string_view before = record.substr(0, lane.mark.begin);
    const std::string_view after = record.substr(lane.mark.begin + lane.mark.size);
    const std::size_t size = before.size() + after.size();
    if (lane.checker) lane.checker->take(after, 1);
    if (record.size() > BatchedOutput::copy_limit) {
      const std::string_view length = bam_length(size);
      output.copy(length);
      output.pass(chunk.block, before.substr(length.size()));
      output.pass(chunk.block, after);
    } else {
      char* to = output.room(record.size());
      std::memcpy(to, before.data(), before.size());
      std::memcpy(to + before.size(), after.data(), after.size());
      if (place_ == record::SequencePlace::aux) std::memcpy(to, bam_length(size).data(), sizeof length_);
      output.put(size);
    }
    lane.input->drop(lane.size, 1);
  }

  // What a BAM record of `size` bytes begins with, nothing for other records; valid until the next call.
  std::string_view bam_length(std::size_t size) {
    if (place_ != record::SequencePlace::aux) return {};
    length_ = static_cast<std::uint32_t>(size - sizeof length_);
    return {reinterpret_cast<const char*>(&length_), sizeof length_};
  }

  bool parse_first(Lane& lane) {
    if (!lane.input->has_records()) return false;
    const std::string_view records = lane.input->front().bytes;
    lane.size = lane.input->first_size(records);
    ++lane.record;
    const std::string_view record = records.substr(0, lane.size);
    const auto mark = record::find_sequence(place_, record);
    if (!mark) fail(lane, why_unnumbered(record));
    if (mark->is_repeated) {
      fail(lane, fmt::format("has the tag {} twice, so that one of them is its own: {}; {}", tag_name(),
                             shown_record(record), way_out));
    }
    lane.mark = *mark;
    const std::int64_t before = lane.unwrapper.last();
    lane.number = lane.unwrapper.unwrap(mark->number);
    if (lane.number < before) {
      const std::int64_t last = before % std::int64_t{record::sequence_modulus};
      fail(lane, fmt::format("has sequence number {}, {} {} before it", mark->number,
                             mark->number < last ? "less than" : "more than 2^30 after", last));
    }
    return true;
  }

  // Equal numbers keep the order of the inputs, which is that of lanes_.
  static bool is_before(const Lane& a, const Lane& b) {
    return a.number != b.number ? a.number < b.number : &a < &b;
  }
  static bool is_later(const Lane* a, const Lane* b) { return is_before(*b, *a); }

  const Lane* second_lane() const {
    if (heap_.size() < 2) return nullptr;
    return heap_.size() > 2 && is_before(*heap_[2], *heap_[1]) ? heap_[2] : heap_[1];
  }

  // The front lane has another number now.
  void sift_front() {
    Lane* lane = heap_.front();
    std::size_t at = 0;
    for (;;) {
      std::size_t child = 2 * at + 1;
      if (child >= heap_.size()) break;
      if (child + 1 < heap_.size() && is_before(*heap_[child + 1], *heap_[child])) ++child;
      if (is_before(*lane, *heap_[child])) break;
      heap_[at] = heap_[child];
      at = child;
    }
    heap_[at] = lane;
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
    const std::string lost = place_ == record::SequencePlace::column
                                 ? "the number in front of it"
                                 : fmt::format("the tag {} at its end", tag_name());
    return fmt::format("has no sequence number: the filter lost {}: {}; {}", lost, shown_record(record),
                       way_out);
  }

  [[noreturn]] static void fail(const Lane& lane, const std::string& reason) {
    throw base::DataError("collect", lane.input->name(), fmt::format("record {} {}", lane.record, reason));
  }

  Selector& selector_;
  const record::SequencePlace place_;
  std::uint32_t length_ = 0;
  std::vector<Lane> lanes_;
  std::vector<Lane*> heap_;
};

}  // namespace

std::unique_ptr<Order> make_sequence_order(const Inputs& inputs, Selector& selector,
                                           record::SequencePlace place, const record::RecordForm& form) {
  return std::make_unique<SequenceOrder>(inputs, selector, place, form);
}

}  // namespace mrf::collect
