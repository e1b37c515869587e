// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "split/input.h"
#include "split/outputs.h"
#include "split/partitioner.h"

namespace mrf::split {

/// Hands the records of the inputs to the outputs, one input after the other.
class Splitter {
 public:
  virtual ~Splitter() = default;
  /// Hands out what is left of an input behind its header. Throws Error.
  virtual void split(Input& input) = 0;
};

/// In chunks of so many records. `outputs` outlives the splitter.
std::unique_ptr<Splitter> make_record_splitter(Outputs& outputs, std::unique_ptr<Scheduler> scheduler,
                                               std::uint64_t records);
/// In chunks of so many bytes.
std::unique_ptr<Splitter> make_byte_splitter(Outputs& outputs, std::unique_ptr<Scheduler> scheduler,
                                             std::uint64_t bytes);

}  // namespace mrf::split
