// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "base/error.h"
#include "collect/order.h"

namespace mrf::collect {

namespace {

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

}  // namespace

std::unique_ptr<Order> make_rows_order(const Inputs& inputs, Selector& selector, std::uint64_t chunk,
                                       bool ragged) {
  return std::make_unique<RowsOrder>(inputs, selector, chunk, ragged);
}

}  // namespace mrf::collect
