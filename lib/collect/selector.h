// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "collect/input.h"
#include "collect/output.h"
#include "io/block_pool.h"
#include "io/pause.h"
#include "io/reactor.h"
#include "io/stats.h"

namespace mrf::collect {

/// A set of small numbers. Every operation takes constant time; what the numbers say is in members().
class NumberSet {
 public:
  bool contains(std::size_t number) const { return number < places_.size() && places_[number] != none; }
  const std::vector<std::size_t>& members() const { return members_; }
  std::size_t size() const { return members_.size(); }
  void add(std::size_t number) {
    if (contains(number)) return;
    if (places_.size() <= number) places_.resize(number + 1, none);
    places_[number] = members_.size();
    members_.push_back(number);
  }
  void remove(std::size_t number) {
    if (!contains(number)) return;
    members_[places_[number]] = members_.back();
    places_[members_.back()] = places_[number];
    places_[number] = none;
    members_.pop_back();
  }

 private:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);
  std::vector<std::size_t> members_;
  std::vector<std::size_t> places_;
};

/// Selects the inputs to read. Those that the order wants are read first; when these have nothing, what the
/// others have is read and held, so that no writer waits for another one. A file is read only when it is
/// wanted. Nothing here looks at all inputs: the work follows from what is read.
///
/// The reactor watches an input until it is known to have bytes that nobody wants; these wait in its pipe
/// until they are wanted or nothing else is there.
class Selector {
 public:
  /// Inputs that nobody wants are held in memory while the blocks of `pool` take at most `held_limit` bytes,
  /// else on disk. `meter` counts bytes and the time of waiting. Both outlive the selector. Throws
  /// SystemError.
  Selector(const io::BlockPool& pool, std::size_t held_limit, io::Meter& meter);

  /// Reads `input`, which outlives the selector, until its end, in all rounds. Inputs are numbered from 0.
  void add(Input& input);

  void want(const Input& input);
  void unwant(const Input& input);
  /// Wants no other one.
  void want_only(const Input& input);
  void want_none();
  std::size_t wanted() const { return wanted_.size(); }
  /// The loop that read() waits in, for what else is to be watched meanwhile.
  io::Reactor& reactor() { return reactor_; }

  /// Reads the wanted inputs that have bytes, with one read(2) each, and returns them. When none has, holds
  /// what the others have, and returns none. Waits when there is nothing at all, and writes what `output` has
  /// gathered first. Valid until the next call. Throws Error.
  const std::vector<Input*>& read(BatchedOutput& output);

 private:
  void watch(std::size_t number);
  void note_ready(std::size_t number);
  void wait(BatchedOutput& output);
  bool read_one(std::size_t number, Input::Hold hold);
  bool turn(std::optional<std::chrono::milliseconds> most);

  const io::BlockPool& pool_;
  const std::size_t held_limit_;
  io::Meter& meter_;
  io::Reactor reactor_;
  std::vector<Input*> inputs_;
  NumberSet wanted_;
  /// Inputs that have bytes, wanted or not; of files only those that are wanted.
  NumberSet ready_wanted_;
  NumberSet ready_others_;
  std::vector<std::size_t> batch_;
  std::vector<Input*> read_;
  unsigned rounds_without_wanted_ = 0;
  io::Pause pause_;
};

}  // namespace mrf::collect
