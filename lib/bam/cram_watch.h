// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "bam/cram_containers.h"
#include "bam/input.h"
#include "sam/hts.h"

namespace mrf::bam {

/// Hands the bytes of a CRAM on to htslib, by a pipe and a thread, and sees what htslib does not tell:
/// whether a stream had its end-of-file container, and how many records there should be.
class CramWatch {
 public:
  /// Throws SystemError, std::bad_alloc.
  explicit CramWatch(Input& from);
  /// The reader of the pipe has to be closed before.
  ~CramWatch();
  CramWatch(const CramWatch&) = delete;
  CramWatch& operator=(const CramWatch&) = delete;

  /// The other end.
  sam::HfilePtr take_reader() { return std::move(reader_); }
  /// Whether the input ended with `bytes` and without an error. This and has_records() are to be called when
  /// the reader has seen the end. They throw what reading the input failed with.
  bool ended_with(std::string_view bytes);
  /// Whether the containers say that there are `count` records.
  bool has_records(std::uint64_t count);
  /// Reads no more, the reader being closed, and says what is wrong with the bytes that were read (empty when
  /// that is not known) and the reference of a record (CramContainers::reference_of()).
  struct Findings {
    std::string fault;
    std::optional<std::int32_t> reference;
  };
  Findings stop(std::uint64_t record);

 private:
  void run();
  void join();
  void copy();

  Input& from_;
  io::Meter meter_;    // of the thread
  io::Meter& counts_;  // that of the input
  sam::HfilePtr reader_;
  sam::HfilePtr writer_;
  std::string tail_;
  CramContainers containers_;
  bool failed_ = false;
  std::exception_ptr failure_;
  std::thread thread_;
};

}  // namespace mrf::bam
