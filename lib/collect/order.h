// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "collect/input.h"
#include "collect/output.h"
#include "record/sequence.h"

namespace mrf::collect {

using Inputs = std::vector<std::unique_ptr<Input>>;

/// Decides whose records are written next.
class Order {
 public:
  virtual ~Order() = default;
  /// Writes what the order allows from the records at hand. True when everything is written and every input
  /// over. Throws DataError when the records do not fit the order, SystemError.
  virtual bool advance(BatchedOutput& output) = 0;
  /// After advance() returned false: whether it waits for this input, which has no records at hand.
  virtual bool wants(const Input& input) const = 0;
};

/// Round robin, `chunk` records a turn. Unless `ragged`, the first input that ends inside its turn, or before
/// it, must be the last to give records, as with records that were dealt out that way.
std::unique_ptr<Order> make_rows_order(const Inputs& inputs, std::uint64_t chunk, bool ragged);
/// By the sequence number, which is taken out; equal numbers in the order of the inputs. What is left of each
/// record has to be one of `form`.
std::unique_ptr<Order> make_sequence_order(const Inputs& inputs, record::SequencePlace place,
                                           const record::RecordForm& form);
/// As they arrive.
std::unique_ptr<Order> make_any_order(const Inputs& inputs);
/// Input after input.
std::unique_ptr<Order> make_concat_order(const Inputs& inputs);

}  // namespace mrf::collect
