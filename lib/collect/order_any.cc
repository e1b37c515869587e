// SPDX-License-Identifier: MIT
#include "collect/order.h"

namespace mrf::collect {

namespace {

class AnyOrder : public Order {
 public:
  explicit AnyOrder(const Inputs& inputs) : inputs_(inputs) {}

  bool advance(BatchedOutput& output) override {
    bool over = true;
    for (const auto& input : inputs_) {
      input->pass(output);
      over = over && input->is_over();
    }
    return over;
  }

  bool wants(const Input& input) const override { return !input.is_over(); }

 private:
  const Inputs& inputs_;
};

class ConcatOrder : public Order {
 public:
  explicit ConcatOrder(const Inputs& inputs) : inputs_(inputs) {}

  bool advance(BatchedOutput& output) override {
    for (; current_ < inputs_.size(); ++current_) {
      inputs_[current_]->pass(output);
      if (!inputs_[current_]->is_over()) return false;
    }
    return true;
  }

  bool wants(const Input& input) const override { return &input == inputs_[current_].get(); }

 private:
  const Inputs& inputs_;
  std::size_t current_ = 0;
};

}  // namespace

std::unique_ptr<Order> make_any_order(const Inputs& inputs) { return std::make_unique<AnyOrder>(inputs); }

std::unique_ptr<Order> make_concat_order(const Inputs& inputs) {
  return std::make_unique<ConcatOrder>(inputs);
}

}  // namespace mrf::collect
