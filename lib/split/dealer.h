// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "split/input.h"
#include "split/outputs.h"
#include "stream/sequence.h"

namespace mrf {

/// Hands the records of the inputs to the outputs, one input after the other.
class Dealer {
 public:
  virtual ~Dealer() = default;
  /// Deals what is left of an input behind its header. Throws Error.
  virtual void deal(Input& input) = 0;
};

/// How much goes to one output before it is the next one's turn: records, or, when `bytes` is not 0, as
/// many whole records as fit into that many bytes, at least one.
struct ChunkSize {
  std::uint64_t records = 1000;
  std::uint64_t bytes = 0;
};

/// Round robin over the first `ways` outputs in chunks of so many records. `outputs` outlives the dealer.
std::unique_ptr<Dealer> make_record_dealer(Outputs& outputs, std::size_t ways, std::uint64_t records);
/// Round robin in chunks of so many bytes. Records are counted only with `counted`, for that takes a look
/// at every byte.
std::unique_ptr<Dealer> make_byte_dealer(Outputs& outputs, std::size_t ways, std::uint64_t bytes,
                                         bool counted);
/// Round robin, every record being given its number over all inputs.
std::unique_ptr<Dealer> make_stamping_dealer(Outputs& outputs, std::size_t ways, ChunkSize size,
                                             SequencePlace place);

}  // namespace mrf
