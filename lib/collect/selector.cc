// SPDX-License-Identifier: MIT
#include "collect/selector.h"

#include <sys/epoll.h>

namespace mrf::collect {

Selector::Selector(const io::BlockPool& pool, std::size_t held_limit, io::Meter& meter)
    : pool_(pool), held_limit_(held_limit), meter_(meter) {}

void Selector::add(Input& input) {
  input.set_number(inputs_.size());
  inputs_.push_back(&input);
  pause_.add(input.stream().fd());
  watch(input.number());
}

void Selector::watch(std::size_t number) {
  const InputStream& stream = inputs_[number]->stream();
  if (stream.is_file()) return;
  reactor_.watch(stream.fd(), EPOLLIN, [this, number](std::uint32_t) { note_ready(number); });
}

void Selector::note_ready(std::size_t number) {
  InputStream& stream = inputs_[number]->stream();
  stream.report();
  if (wanted_.contains(number)) return ready_wanted_.add(number);
  ready_others_.add(number);
  reactor_.forget(stream.fd());
}

void Selector::want(const Input& input) {
  wanted_.add(input.number());
  if (!input.stream().is_file() && !ready_others_.contains(input.number())) return;
  ready_others_.remove(input.number());
  ready_wanted_.add(input.number());
}

void Selector::unwant(const Input& input) {
  wanted_.remove(input.number());
  if (!ready_wanted_.contains(input.number())) return;
  ready_wanted_.remove(input.number());
  if (!input.stream().is_file()) ready_others_.add(input.number());
}

void Selector::want_only(const Input& input) {
  if (wanted_.size() == 1 && wanted_.contains(input.number())) return;
  want_none();
  want(input);
}

void Selector::want_none() {
  while (wanted_.size() > 0) unwant(*inputs_[wanted_.members().back()]);
}

// Returns whether there was anything. A file that is opened again stays a file, a FIFO has a new descriptor.
bool Selector::read_one(std::size_t number, Input::Hold hold) {
  Input& input = *inputs_[number];
  const Input::Got got = input.read(meter_, hold);
  const InputStream& stream = input.stream();
  if (got == Input::Got::end) {
    reactor_.forget(stream.fd());
    ready_wanted_.remove(number);
    ready_others_.remove(number);
    if (input.is_read()) return true;
    input.reopen();
    watch(number);
    if (stream.is_file() && wanted_.contains(number)) ready_wanted_.add(number);
    return true;
  }
  const bool is_watched = reactor_.is_watched(stream.fd());
  if (is_watched ? stream.has_more() : stream.is_ready()) {
    (wanted_.contains(number) ? ready_wanted_ : ready_others_).add(number);
  } else {
    ready_wanted_.remove(number);
    ready_others_.remove(number);
    if (!is_watched) watch(number);
  }
  return got == Input::Got::bytes;
}

bool Selector::turn(std::optional<std::chrono::milliseconds> most) {
  const io::WaitTimer timer(meter_);
  reactor_.turn(most);
  return ready_wanted_.size() + ready_others_.size() > 0;
}

// Waits until an input has bytes, and returns at once when one is known to have some.
void Selector::wait(BatchedOutput& output) {
  using std::chrono::milliseconds;
  if (rounds_without_wanted_ > 1) output.flush();
  const bool is_ready = ready_wanted_.size() + ready_others_.size() > 0;
  if (is_ready || !output.empty()) {
    if (turn(milliseconds(0))) return;
    output.flush();
  }
  {
    const io::WaitTimer timer(meter_);
    pause_.after(meter_.bytes);
  }
  while (!turn(std::nullopt)) {
  }
}

const std::vector<Input*>& Selector::read(BatchedOutput& output) {
  read_.clear();
  if (wanted_.size() == 1) {
    const std::size_t single = wanted_.members().front();
    if (inputs_[single]->stream().may_read() && read_one(single, Input::Hold::in_memory)) {
      read_.push_back(inputs_[single]);
      return read_;
    }
  }
  wait(output);
  batch_ = ready_wanted_.members();
  for (const std::size_t number : batch_) {
    if (read_one(number, Input::Hold::in_memory)) read_.push_back(inputs_[number]);
  }
  if (!read_.empty()) {
    rounds_without_wanted_ = 0;
    return read_;
  }
  bool any = false;
  batch_ = ready_others_.members();
  for (const std::size_t number : batch_) {
    const bool is_full = pool_.used() > held_limit_;
    any |= read_one(number, is_full ? Input::Hold::on_disk : Input::Hold::in_memory);
  }
  if (any) ++rounds_without_wanted_;
  return read_;
}

}  // namespace mrf::collect
