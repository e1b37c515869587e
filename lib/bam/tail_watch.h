// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <thread>

#include "bam/hts.h"

namespace mrf::bam {

/// Hands the bytes of an input that cannot be sought on to htslib, by a pipe and a thread, and keeps the
/// last ones: htslib does not tell whether such a stream had its end-of-file block.
class TailWatch {
 public:
  /// Throws SystemError.
  TailWatch(HfilePtr from, std::string name);
  /// The reader of the pipe has to be closed before.
  ~TailWatch();
  TailWatch(const TailWatch&) = delete;
  TailWatch& operator=(const TailWatch&) = delete;

  /// The other end.
  HfilePtr take_reader() { return std::move(reader_); }
  /// Whether the input ended with `bytes` and without an error. To be called when the reader has seen the
  /// end.
  bool ended_with(std::string_view bytes);

 private:
  void run();

  HfilePtr from_;
  std::string name_;
  HfilePtr reader_;
  HfilePtr writer_;
  std::string tail_;
  bool failed_ = false;
  std::thread thread_;
};

}  // namespace mrf::bam
