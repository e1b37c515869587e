// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "base/error.h"
#include "collect/order.h"

namespace mrf::collect {

namespace {

class RowsOrder : public Order {
 public:
  RowsOrder(const Inputs& inputs, std::uint64_t chunk, bool ragged)
      : chunk_(chunk), ragged_(ragged), left_(chunk) {
    for (const auto& input : inputs) ring_.push_back(input.get());
  }

  bool advance(BatchedOutput& output) override {
    while (!ring_.empty()) {
      Input& input = *ring_[turn_];
      if (input.has_records()) {
        if (first_over_ != nullptr) fail(input);
        left_ -= input.pass(output, left_);
        if (left_ == 0) next_turn(turn_ + 1);
      } else if (input.is_over()) {
        if (!ragged_ && first_over_ == nullptr) first_over_ = &input;
        ring_.erase(ring_.begin() + static_cast<std::ptrdiff_t>(turn_));
        next_turn(turn_);
      } else {
        return false;
      }
    }
    return true;
  }

  bool wants(const Input& input) const override { return &input == ring_[turn_]; }

 private:
  void next_turn(std::size_t turn) {
    turn_ = turn < ring_.size() ? turn : 0;
    left_ = chunk_;
  }

  [[noreturn]] void fail(const Input& input) const {
    throw base::DataError(
        "collect", input.name(),
        fmt::format("it goes on in its turn after '{}' ended with {} records: the counts do not fit",
                    first_over_->name(), first_over_->records()));
  }

  const std::uint64_t chunk_;
  const bool ragged_;
  std::vector<Input*> ring_;
  std::size_t turn_ = 0;
  std::uint64_t left_;
  const Input* first_over_ = nullptr;
};

}  // namespace

std::unique_ptr<Order> make_rows_order(const Inputs& inputs, std::uint64_t chunk, bool ragged) {
  return std::make_unique<RowsOrder>(inputs, chunk, ragged);
}

}  // namespace mrf::collect
