// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "bam/batch.h"
#include "bam/input.h"

namespace mrf::bam {

/// The bytes of an input, uncompressed, in pieces of about half a megabyte: fill() reads on one thread,
/// open() inflates on any.
class Feed {
 public:
  virtual ~Feed() = default;
  /// Puts the next piece into `batch`. False at the end of the input. Throws Error.
  virtual bool fill(Batch& batch) = 0;
  /// Sees to it that batch.bytes holds the piece. Throws DataError.
  virtual void open(Batch& batch) const = 0;
  /// The reason why the input, read to its end, is not whole; nullptr when it is.
  virtual const char* what_is_missing() const { return nullptr; }
};

/// `input` outlives the feed.
std::unique_ptr<Feed> make_feed(Input& input);

}  // namespace mrf::bam
