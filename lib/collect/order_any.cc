// SPDX-License-Identifier: MIT
#include "collect/order.h"

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

}  // namespace

std::unique_ptr<Order> make_any_order(const Inputs& inputs, Selector& selector) {
  return std::make_unique<AnyOrder>(inputs, selector);
}

std::unique_ptr<Order> make_concat_order(const Inputs& inputs, Selector& selector) {
  return std::make_unique<ConcatOrder>(inputs, selector);
}

}  // namespace mrf::collect
