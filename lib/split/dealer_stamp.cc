// SPDX-License-Identifier: MIT
#include <string_view>

#include "split/dealer.h"

namespace mrf {

namespace {

class StampingDealer : public Dealer {
 public:
  StampingDealer(Outputs& outputs, std::size_t ways, ChunkSize size, SequencePlace place)
      : outputs_(outputs), ways_(ways), size_(size), place_(place), stamp_(place) {}

  void deal(Input& input) override {
    do {
      for (;;) {
        const Run run = input.framer().take(input.view(), 1);
        if (run.records == 0) break;
        put(input.view().substr(0, run.bytes), "");
        input.drop(run);
      }
    } while (input.more());
    const std::string_view tail = input.view();
    if (tail.empty()) return;
    put(tail, input.framer().complete(tail));
    input.drop({tail.size(), 1});
  }

 private:
  // `rest` is what the record lacks at its end.
  void put(std::string_view record, std::string_view rest) {
    choose(record.size() + rest.size());
    if (place_ == SequencePlace::column) {
      outputs_.put(output_, stamp_.text());
      outputs_.put(output_, record);
      outputs_.put(output_, rest);
    } else {
      if (rest.empty()) record.remove_suffix(1);
      outputs_.put(output_, record);
      outputs_.put(output_, stamp_.text());
      outputs_.put(output_, "\n");
    }
    stamp_.advance();
    outputs_.count_records(output_, 1);
  }

  // Whose turn it is with a record of so many bytes, not counting its number.
  void choose(std::size_t bytes) {
    const bool full =
        size_.bytes == 0 ? records_ == size_.records : records_ > 0 && bytes_ + bytes > size_.bytes;
    if (full) {
      output_ = (output_ + 1) % ways_;
      records_ = bytes_ = 0;
    }
    ++records_;
    bytes_ += bytes;
  }

  Outputs& outputs_;
  const std::size_t ways_;
  const ChunkSize size_;
  const SequencePlace place_;
  SequenceStamp stamp_;
  std::size_t output_ = 0;
  std::uint64_t records_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace

std::unique_ptr<Dealer> make_stamping_dealer(Outputs& outputs, std::size_t ways, ChunkSize size,
                                             SequencePlace place) {
  return std::make_unique<StampingDealer>(outputs, ways, size, place);
}

}  // namespace mrf
