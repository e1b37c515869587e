// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "collect/input.h"
#include "collect/output.h"
#include "collect/selector.h"
#include "record/sequence.h"

namespace mrf::collect {

using Inputs = std::vector<std::unique_ptr<Input>>;

/// Decides whose records are written next.
class Order {
 public:
  virtual ~Order() = default;
  /// Writes what the order allows from the records at hand. True when everything is written and every input
  /// over; else the selector was told which inputs are waited for, which have no records at hand. Throws
  /// DataError when the records do not fit the order, SystemError.
  virtual bool advance(BatchedOutput& output) = 0;
  /// An input that was waited for was read. Throws DataError.
  virtual void note_read(Input&) {}
};

/// All that is referred to outlives the orders; the inputs are the selector's first ones.
/// Round robin, `chunk` records a turn. Unless `ragged`, the first input that ends inside its turn, or before
/// it, must be the last to give records, as with records that mrf-distribute gave out that way.
std::unique_ptr<Order> make_rows_order(const Inputs& inputs, Selector& selector, std::uint64_t chunk,
                                       bool ragged);
/// By the sequence number, which is taken out. Records with one number come from one input: the same number
/// in two inputs is none that mrf-distribute wrote. What is left of each record has to be one of `form`.
std::unique_ptr<Order> make_sequence_order(const Inputs& inputs, Selector& selector,
                                           record::SequencePlace place, const record::RecordForm& form);
/// As they arrive.
std::unique_ptr<Order> make_any_order(const Inputs& inputs, Selector& selector);
/// Input after input.
std::unique_ptr<Order> make_concat_order(const Inputs& inputs, Selector& selector);

}  // namespace mrf::collect
