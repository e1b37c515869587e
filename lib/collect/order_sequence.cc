// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "collect/order.h"

namespace mrf {

namespace {

// One input with its first record parsed.
struct Lane {
  Input* input;
  SequenceUnwrapper unwrapper{};
  std::int64_t number = 0;
  std::uint64_t record = 0;
  std::size_t size = 0;
  SequenceMark mark{};
};

class SequenceOrder : public Order {
 public:
  SequenceOrder(const Inputs& inputs, SequencePlace place) : place_(place) {
    for (const auto& input : inputs) lanes_.push_back({input.get()});
    for (auto& lane : lanes_) waiting_.push_back(&lane);
  }

  bool advance(BatchedOutput& output) override {
    hear_waiting();
    while (waiting_.empty() && !heap_.empty()) write_run(*heap_.front(), output);
    return waiting_.empty();
  }

  bool wants(const Input& input) const override { return !input.has_records() && !input.is_over(); }

 private:
  void hear_waiting() {
    std::erase_if(waiting_, [&](Lane* lane) {
      if (!parse_first(*lane)) return lane->input->is_over();
      heap_.push_back(lane);
      std::push_heap(heap_.begin(), heap_.end(), is_later);
      return true;
    });
  }

  // Writes the records of the lane in front until another lane's turn comes or this one's are written.
  void write_run(Lane& lane, BatchedOutput& output) {
    const Lane* next = second_lane();
    do {
      write_first(lane, output);
      if (!parse_first(lane)) {
        remove_front();
        if (!lane.input->is_over()) waiting_.push_back(&lane);
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
    if (record.size() > BatchedOutput::copy_limit) {
      const std::string_view length = bam_length(size);
      output.copy(length);
      output.pass(chunk.block, before.substr(length.size()));
      output.pass(chunk.block, after);
    } else {
      char* to = output.room(record.size());
      std::memcpy(to, before.data(), before.size());
      std::memcpy(to + before.size(), after.data(), after.size());
      if (place_ == SequencePlace::aux) std::memcpy(to, bam_length(size).data(), sizeof length_);
      output.put(size);
    }
    lane.input->drop(lane.size, 1);
  }

  // What a BAM record of `size` bytes begins with, nothing for other records; valid until the next call.
  std::string_view bam_length(std::size_t size) {
    if (place_ != SequencePlace::aux) return {};
    length_ = static_cast<std::uint32_t>(size - sizeof length_);
    return {reinterpret_cast<const char*>(&length_), sizeof length_};
  }

  bool parse_first(Lane& lane) {
    if (!lane.input->has_records()) return false;
    const std::string_view records = lane.input->front().bytes;
    lane.size = lane.input->first_size(records);
    ++lane.record;
    const auto mark = find_sequence(place_, records.substr(0, lane.size));
    if (!mark) fail(lane, "has no sequence number");
    lane.mark = *mark;
    const std::int64_t before = lane.unwrapper.last();
    lane.number = lane.unwrapper.unwrap(mark->number);
    if (lane.number < before) {
      const std::int64_t last = before % std::int64_t{sequence_modulus};
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

  [[noreturn]] static void fail(const Lane& lane, const std::string& reason) {
    throw DataError("collect", lane.input->name(), fmt::format("record {} {}", lane.record, reason));
  }

  const SequencePlace place_;
  std::uint32_t length_ = 0;
  std::vector<Lane> lanes_;
  std::vector<Lane*> waiting_;
  std::vector<Lane*> heap_;
};

}  // namespace

std::unique_ptr<Order> make_sequence_order(const Inputs& inputs, SequencePlace place) {
  return std::make_unique<SequenceOrder>(inputs, place);
}

}  // namespace mrf
