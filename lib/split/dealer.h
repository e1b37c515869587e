// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "split/input.h"
#include "split/outputs.h"
#include "split/rota.h"

namespace mrf::split {

/// Hands the records of the inputs to the outputs, one input after the other.
class Dealer {
 public:
  virtual ~Dealer() = default;
  /// Deals what is left of an input behind its header. Throws Error.
  virtual void deal(Input& input) = 0;
};

/// In chunks of so many records. `outputs` outlives the dealer.
std::unique_ptr<Dealer> make_record_dealer(Outputs& outputs, std::unique_ptr<Rota> rota,
                                           std::uint64_t records);
/// In chunks of so many bytes.
std::unique_ptr<Dealer> make_byte_dealer(Outputs& outputs, std::unique_ptr<Rota> rota, std::uint64_t bytes);

}  // namespace mrf::split
