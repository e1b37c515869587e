// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bam/input.h"
#include "bam/source.h"

namespace mrf::bam {

/// Several inputs, read one after the other under one header. Each is opened when its turn comes.
class SourceList {
 public:
  /// Opens the first one. Throws Error.
  SourceList(std::vector<std::string> paths, SourceOptions options, io::Meter& meter);

  /// Puts another header in the place of the first input's, as Source::replace_header().
  void replace_header(sam::SharedHeader header);
  /// The header of the output, which may be changed until the first record is read.
  sam_hdr_t& header() { return *header_; }

  Source& current() { return *source_; }
  /// Reading the current input throws ReadingStopped from now on instead of waiting.
  void stop_reading() const noexcept { input_->stop(); }
  /// Goes on to the next input; false when there is none. Throws DataError when its references are not
  /// those of the first.
  bool next();

 private:
  void open();

  std::vector<std::string> paths_;
  SourceOptions options_;
  io::Meter& meter_;
  std::size_t at_ = 0;
  std::unique_ptr<Input> input_;
  std::unique_ptr<Source> source_;
  sam::SharedHeader header_;
};

}  // namespace mrf::bam
