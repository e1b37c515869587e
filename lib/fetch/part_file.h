// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string>
#include <vector>

#include "fetch/file_output.h"
#include "io/fd.h"

namespace mrf {

/// The files beside `place` that PartFile uses: the data, and what is known of it.
std::array<std::string, 2> part_names(const std::string& place);

/// A target that an interrupted run leaves behind as TARGET.getm-part, with TARGET.getm-part.json beside it,
/// which says what of which version is in it: {"etag", "size", "done": [[begin, end], ...]}; no URL. The
/// record is written after the data it speaks of (fdatasync(2)) and replaced as a whole.
class PartFile final : public WritableFile {
 public:
  /// Opens or makes it and locks it (flock(2)). Throws SystemError, or Error when another process has it or
  /// it is no regular file.
  explicit PartFile(std::string target);

  FdRef fd() const override { return fd_; }
  const std::string& name() const override { return target_; }
  std::vector<ByteRange> found(const ObjectVersion& version) override;
  void remember(const std::vector<ByteRange>& runs) override;
  void discard() override;
  void commit() override;

 private:
  std::vector<ByteRange> read_record() const;

  std::string target_;  ///< as the user says it
  std::string place_;   ///< symbolic links followed
  std::string part_;
  std::string record_;
  ObjectVersion version_;
  Fd fd_;
};

}  // namespace mrf
