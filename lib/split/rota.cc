// SPDX-License-Identifier: MIT
#include "split/rota.h"

namespace mrf::split {

namespace {

class RoundRobin : public Rota {
 public:
  explicit RoundRobin(std::size_t ways) : ways_(ways) {}
  std::size_t next() override {
    const std::size_t mine = next_;
    next_ = (next_ + 1) % ways_;
    return mine;
  }

 private:
  const std::size_t ways_;
  std::size_t next_ = 0;
};

class Balance : public Rota {
 public:
  Balance(Outputs& outputs, std::size_t ways, std::size_t width)
      : outputs_(outputs), ways_(ways), width_(width) {}

  std::size_t next() override {
    for (;;) {
      for (std::size_t tried = 0; tried < ways_; ++tried) {
        const std::size_t worker = next_;
        next_ = (next_ + 1) % ways_;
        if (can_take(worker)) return worker;
      }
      outputs_.wait_for_change();
    }
  }

 private:
  bool can_take(std::size_t worker) {
    for (std::size_t i = 0; i < width_; ++i) {
      if (!outputs_.can_take(worker * width_ + i)) return false;
    }
    return true;
  }

  Outputs& outputs_;
  const std::size_t ways_;
  const std::size_t width_;
  std::size_t next_ = 0;
};

}  // namespace

std::unique_ptr<Rota> make_round_robin(std::size_t ways) { return std::make_unique<RoundRobin>(ways); }

std::unique_ptr<Rota> make_balance(Outputs& outputs, std::size_t ways, std::size_t width) {
  return std::make_unique<Balance>(outputs, ways, width);
}

}  // namespace mrf::split
