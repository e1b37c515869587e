// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "bam/source.h"

namespace mrf::bam {

/// A source whose records htslib reads, one after the other.
class HtsSource : public Source {
 public:
  bool fill(Batch& batch) override;
  void decode(Batch& batch, const RecordStep& step) override;

 protected:
  /// As sam_read1(): -1 at the end, less when the input is bad.
  virtual int read(bam1_t& record) = 0;
  virtual std::string reason() = 0;

  /// Lets htslib read the stored bytes of `input`. Throws Error.
  void open_with_htslib(const Input& input, sam::HfilePtr bytes, const SourceOptions& options);

  /// How many stored bytes have been read so far, where nothing has been skipped.
  std::uint64_t stored_bytes() const { return static_cast<std::uint64_t>(htell(stored_)); }
  /// Whether htslib has read all stored bytes. Takes one more when it has not.
  bool at_end();

 private:
  sam::ThreadPool pool_;  // outlives the file

 protected:
  sam::HtsFilePtr file_;

 private:
  hFILE* stored_ = nullptr;  // that of file_
  bool ended_ = false;
};

}  // namespace mrf::bam
