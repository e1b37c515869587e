// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "io/fd.h"

namespace mrf::shard {

/// A container of a CRAM, by its header (CRAM specification 3.0, section 7).
struct CramContainer {
  std::uint64_t begin = 0;  ///< its first byte in the file
  std::uint64_t end = 0;    ///< behind its last byte
  std::uint32_t records = 0;
  bool is_end_of_file = false;
};

/// The containers of a CRAM of version 2.1 or 3, a regular file, of which their headers are read and nothing
/// else: each says where the next one begins.
class CramFile {
 public:
  /// `file` outlives this object and has the name `name` in messages. Throws DataError for what is no such
  /// CRAM, and for one that does not end with the end-of-file container.
  CramFile(io::FdRef file, std::string name, std::uint64_t size);

  /// What a reader needs in front of any container: the file definition and the container with the header.
  const std::string& header() const { return header_; }
  /// Where the first container of records begins, or the end of the file when there is none.
  std::uint64_t first() const { return first_; }
  /// The end-of-file container.
  std::string end_of_file() const;
  /// The container at `offset`. Throws DataError when none begins there.
  CramContainer container_at(std::uint64_t offset) const;

 private:
  [[noreturn]] void fail(const std::string& reason) const;

  io::FdRef file_;
  std::string name_;
  std::uint64_t size_;
  int version_ = 0;  // the major one
  std::string header_;
  std::uint64_t first_ = 0;
};

}  // namespace mrf::shard
