// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "fetch/digest.h"
#include "fetch/expectation.h"

namespace mrf::fetch {

/// What a file on disk is to be.
struct FileClaim {
  std::optional<Expectation> expectation;
  std::optional<std::uint64_t> size;  ///< bytes
  std::uint64_t s3_part_size = 0;     ///< bytes; 0 is to be found out
};

/// What a file on disk is.
struct FileFacts {
  std::uint64_t bytes = 0;
  std::string fault;   ///< why it is not what the claim says; "" when it is
  std::string digest;  ///< the bytes of the digest that was asked for; "" when there is a fault
};

/// Compares the file at `path` with a claim, in the calling thread, and takes a digest of kind `record` on
/// the way. A file of another size than the claimed one is not read. The others are read once when the claim
/// is a digest, and as fault_of_file() does, and once more for `record`, when it is something else. Throws
/// SystemError, Interrupted, and Stopped when `is_stopped`, asked from time to time, says so.
FileFacts verify_file(const std::string& path, const FileClaim& claim, std::optional<DigestKind> record,
                      const std::function<bool()>& is_stopped = {});

}  // namespace mrf::fetch
