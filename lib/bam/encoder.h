// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "bam/batch.h"

namespace mrf::bam {

/// Turns records into the bytes of an output format. begin() and end() run on one thread, before and after
/// all batches; add() and close() on many, one batch at a time each.
class Encoder {
 public:
  virtual ~Encoder() = default;
  /// Appends what stands in front of the records.
  virtual void begin(sam_hdr_t& header, Buffer& to) = 0;
  /// Returns nullptr, or the reason why the format cannot hold the record.
  virtual const char* add(const sam_hdr_t& header, const bam1_t& record, Batch& batch) = 0;
  /// Makes batch.out from what was added.
  virtual void close(Batch& batch) = 0;
  /// Appends what stands behind the records.
  virtual void end(Buffer& to) = 0;
};

/// SAM text, with or without its header.
std::unique_ptr<Encoder> make_sam_encoder(bool with_header);

/// BAM in BGZF blocks; `level` 0 (stored) to 9 as in bgzip(1), -1 for htslib's default.
std::unique_ptr<Encoder> make_bam_encoder(int level);

/// The encoder for `format` ("bam" or "sam", any case), or when it is empty for the extension of `path`;
/// another extension means BAM. Throws UsageError.
std::unique_ptr<Encoder> make_encoder(const std::string& format, const std::string& path, int level);

}  // namespace mrf::bam
