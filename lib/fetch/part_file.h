// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "fetch/object_output.h"
#include "fetch/outputs.h"
#include "http/object_version.h"
#include "io/fd.h"
#include "io/output_file.h"

namespace mrf::fetch {

/// The text of TARGET.getm-part.json: {"format", "etag", "last_modified", "size", "done": [[begin, end,
/// CRC-32C in hexadecimal], ...]} and a newline. `version` has a size, and a tag or a time.
std::string record_text(const http::ObjectVersion& version, const std::vector<PartSum>& parts);

/// The parts of such a text, when it speaks of `version`, and makes sense: they are in order and lie within
/// the object and the file, which has `there` bytes. Else nothing.
WritableFile::Found parts_of_record(const std::string& text, const http::ObjectVersion& version,
                                    std::uint64_t there);

/// The files beside `place` that PartFile uses: the data, and what is known of it.
std::array<std::string, 2> part_names(const std::string& place);

/// Removes what an interrupted run left of `target`, a file that was fetched without it. What another process
/// holds stays, and so do files without a record that record_text() wrote. A failure is a warning.
void remove_part_of(const std::string& target);

/// Which files of a list an interrupted run may have left something of. Each directory is read once, since to
/// look for one name after the other takes longer.
class LeftParts {
 public:
  /// `files` are in the list. Directories that hold many more names are not read to their ends.
  explicit LeftParts(std::size_t files) : most_(1000 + 4 * files) {}
  /// False when there is nothing for remove_part_of().
  bool may_be_of(const std::string& target, bool may_be_link);

 private:
  struct Directory {
    bool is_read = false;
    std::unordered_set<std::string> parts{};  ///< names
  };

  const Directory& read(const std::string& directory);

  std::size_t most_;
  std::unordered_map<std::string, Directory> directories_;
};

/// A target that an interrupted run leaves behind as TARGET.getm-part, with TARGET.getm-part.json beside it,
/// which says what of which version is in it, with CRCs, since only they show that it is; no URL. The
/// record is written after the data it speaks of (fdatasync(2)) and replaced as a whole; it is removed before
/// the data is thrown away.
class PartFile final : public WritableFile {
 public:
  /// Opens or makes it and locks it (flock(2)). On a file system without locks two runs for one target never
  /// write different versions into one file: what one throws away goes with its inode, and the other's
  /// commit() fails. Throws SystemError, or Error when another process has it or it is no regular file.
  PartFile(std::string target, io::OutputFile::Existing existing);
  /// Removes an empty file without a record, which is of no use to anybody.
  ~PartFile() override;
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  io::FdRef fd() const override { return fd_; }
  const std::string& name() const override { return target_; }
  /// What is there of another version is thrown away, with a warning when it has no record at all. Throws
  /// Error when an existing file is kept and it would be, and when what has the record's name is none.
  Found found(const http::ObjectVersion& version) override;
  std::uint64_t part_size() const override;
  void remember(const std::vector<PartSum>& parts) override;
  void leave(const std::vector<PartSum>& parts) override;
  void reset() override;
  void discard() override;
  void commit() override;

 private:
  bool lock(const std::string& path) const;
  void open();
  bool can_be_kept() const;
  Found read_record() const;
  bool remember_if_there_is_room(const std::vector<PartSum>& parts);
  void give_name();

  std::string target_;  ///< as the user says it
  io::OutputFile::Existing existing_;
  std::string place_;  ///< symbolic links followed, unless an existing file is kept
  std::string part_;
  std::string record_;
  http::ObjectVersion version_;
  io::Fd fd_;
  bool is_locked_ = false;
};

}  // namespace mrf::fetch
