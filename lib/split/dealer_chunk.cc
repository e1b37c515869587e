// SPDX-License-Identifier: MIT
#include <algorithm>
#include <limits>

#include "split/dealer.h"

namespace mrf {

namespace {

// The input's last record when it lacks its end; none when the view is empty.
std::size_t pass_tail(Input& input, Outputs& outputs, std::size_t output) {
  const std::size_t size = input.view().size();
  if (size == 0) return 0;
  const std::string_view rest = input.framer().complete(input.view());
  input.pass(output, {size, 1});
  outputs.put(output, rest);
  return size + rest.size();
}

class RecordDealer : public Dealer {
 public:
  RecordDealer(Outputs& outputs, std::size_t ways, std::uint64_t records)
      : outputs_(outputs), ways_(ways), records_(records), left_(records) {}

  void deal(Input& input) override {
    for (;;) {
      const Run run = input.framer().take(input.view(), left_);
      if (run.records > 0) {
        input.pass(output_, run);
        count(run.records);
      } else if (!input.more()) {
        break;
      }
    }
    if (pass_tail(input, outputs_, output_) > 0) count(1);
  }

 private:
  void count(std::uint64_t records) {
    left_ -= records;
    if (left_ == 0) next();
  }
  void next() {
    output_ = (output_ + 1) % ways_;
    left_ = records_;
  }

  Outputs& outputs_;
  const std::size_t ways_;
  const std::uint64_t records_;
  std::uint64_t left_;
  std::size_t output_ = 0;
};

class ByteDealer : public Dealer {
 public:
  ByteDealer(Outputs& outputs, std::size_t ways, std::uint64_t bytes, bool counted)
      : outputs_(outputs), ways_(ways), bytes_(bytes), counted_(counted), left_(bytes) {}

  void deal(Input& input) override {
    do {
      while (deal_some(input)) {
      }
    } while (input.more());
    if (input.view().size() > left_) next_unless_fresh();
    left_ -= std::min<std::uint64_t>(left_, pass_tail(input, outputs_, output_));
  }

 private:
  // False when more of the input is needed.
  bool deal_some(Input& input) {
    const std::string_view view = input.view();
    const std::string_view chunk = view.substr(0, left_);
    Run run = counted_ ? input.framer().take(chunk, everything) : input.framer().take_uncounted(chunk);
    if (run.bytes == 0 && view.size() >= left_) {
      if (next_unless_fresh()) return true;
      run = input.framer().take(view, 1);
    }
    if (run.bytes == 0) return false;
    input.pass(output_, run);
    left_ -= std::min<std::uint64_t>(left_, run.bytes);
    return true;
  }

  // Goes on to the next output, if anything went to this one since it was its turn.
  bool next_unless_fresh() {
    if (left_ == bytes_) return false;
    output_ = (output_ + 1) % ways_;
    left_ = bytes_;
    return true;
  }

  static constexpr auto everything = std::numeric_limits<std::uint64_t>::max();

  Outputs& outputs_;
  const std::size_t ways_;
  const std::uint64_t bytes_;
  const bool counted_;
  std::uint64_t left_;
  std::size_t output_ = 0;
};

}  // namespace

std::unique_ptr<Dealer> make_record_dealer(Outputs& outputs, std::size_t ways, std::uint64_t records) {
  return std::make_unique<RecordDealer>(outputs, ways, records);
}

std::unique_ptr<Dealer> make_byte_dealer(Outputs& outputs, std::size_t ways, std::uint64_t bytes,
                                         bool counted) {
  return std::make_unique<ByteDealer>(outputs, ways, bytes, counted);
}

}  // namespace mrf
