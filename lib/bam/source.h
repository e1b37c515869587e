// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "bam/batch.h"
#include "bam/feed.h"
#include "bam/input.h"
#include "sys/turns.h"

namespace mrf::bam {

/// What is done with each record of a batch, in order.
using RecordStep = std::function<void(bam1_t&)>;

/// The records of one input. fill() runs on one thread, decode() on many.
class Source {
 public:
  virtual ~Source() = default;
  sam_hdr_t& header() { return *header_; }
  const std::string& name() const { return name_; }

  /// Puts the next piece of the input into `batch`. False when there is none. Throws Error.
  virtual bool fill(Batch& batch) = 0;
  /// Calls `step` for every record of the batch. A malformed record is put down in the batch. Throws Error.
  virtual void decode(Batch& batch, const RecordStep& step) = 0;
  /// The reason why the input, read to its end and decoded, is not whole; nullptr when it is.
  virtual const char* what_is_missing() const { return nullptr; }
  /// How many lines of text come before the records.
  virtual std::uint64_t header_lines() const { return 0; }

 protected:
  std::string name_;
  HeaderPtr header_;
};

/// Reads the header. `input` outlives the source; `reference` is a FASTA file for CRAM, or empty. Throws
/// Error.
std::unique_ptr<Source> make_source(Input& input, const std::string& reference);

}  // namespace mrf::bam
