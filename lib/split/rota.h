// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>

#include "split/outputs.h"

namespace mrf::split {

/// Whose turn it is with a chunk.
class Rota {
 public:
  virtual ~Rota() = default;
  /// The output for the next chunk. May wait for one.
  virtual std::size_t next() = 0;
};

/// The first `ways` outputs one after the other.
std::unique_ptr<Rota> make_round_robin(std::size_t ways);
/// Whichever of `ways` workers can take a chunk now: the outputs of each, `width` in a row, are open and have
/// less than a block waiting. `outputs` outlives the rota.
std::unique_ptr<Rota> make_balance(Outputs& outputs, std::size_t ways, std::size_t width);

}  // namespace mrf::split
