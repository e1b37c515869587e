// SPDX-License-Identifier: MIT
#pragma once

#include <sys/stat.h>

#include <compare>
#include <optional>
#include <string>
#include <vector>

#include "io/fd.h"

namespace mrf::io {

/// What a path names. "-" is for the callers: here it is a name like any other, unless a function says so.

/// A file, pipe or device, by whatever names it has (stat(2): st_dev, st_ino). Two are one when this is
/// equal.
struct FileId {
  dev_t device = 0;
  ino_t inode = 0;

  FileId() = default;
  explicit FileId(const struct stat& info) : device(info.st_dev), inode(info.st_ino) {}
  // clang-tidy 14 takes the 0 that <=> is compared with for a pointer.
  auto operator<=>(const FileId&) const = default;  // NOLINT(modernize-use-nullptr)
};
/// Of what a path leads to, symbolic links followed. Throws SystemError "cannot open".
FileId file_id(const std::string& path);
/// The same; empty when it leads nowhere, or cannot be told.
std::optional<FileId> find_file_id(const std::string& path);

/// Whether the path leads to the file that is open; by itself, not as a symbolic link, unless `may_be_link`.
bool has_name(FdRef file, const std::string& path, bool may_be_link) noexcept;

/// One text for all paths that lead to one file or pipe, or would once it is made, symbolic links followed;
/// "" for a character device, which may be given twice. `standard` is what "-" stands for. Throws SystemError
/// for a circle of symbolic links.
std::string file_key(const std::string& path, FdRef standard);

/// Whether both paths lead to one regular file, or would once it is made. "-" names none.
bool is_same_file(const std::string& a, const std::string& b);

/// Whether the path leads to the regular file that standard input is.
bool is_standard_input(const std::string& path);

/// Whether writing to both paths mixes what is written in one file, FIFO, pipe or socket; "-" is standard
/// output. A character device may be given twice.
bool is_same_output(const std::string& a, const std::string& b);

/// Throws UsageError when standard output is the regular file that one of the inputs is ("-" is standard
/// input): what is written there would be read again, as cat(1) says. URLs and what cannot be opened are no
/// such file.
void refuse_input_as_standard_output(const std::vector<std::string>& inputs);

/// Throws UsageError when one of the outputs is the file, FIFO or pipe that another output is, or would be
/// once it is made, or the regular file or FIFO that one of the inputs is: one would destroy the other. "-"
/// is standard input or output, "" names nothing. Character devices and sockets may be given twice.
void refuse_shared_outputs(const std::vector<std::string>& outputs, const std::vector<std::string>& inputs);

/// One text for all spellings of a name in a directory (x, ./x, ../here/x). The directory need not exist; the
/// name itself is not followed: see follow_link().
std::string place_of(const std::string& path);

/// The place that writing to `path` changes: that of the file which a symbolic link leads to. Throws
/// SystemError.
std::string place_written(const std::string& path);

/// Throws SystemError, as when the directory has been removed.
std::string working_directory();
/// The path itself, or from the working directory on. Throws SystemError as working_directory() does.
std::string absolute_path(const std::string& path);

/// Where writing to `path` really goes: a symbolic link, dangling or not, is followed. Throws SystemError.
std::string follow_link(const std::string& path);

/// The directory part of a path as dirname(1) gives it.
std::string directory_of(const std::string& path);
/// The last component of a path.
std::string base_of(const std::string& path);

/// The N of /dev/fd/N or /proc/self/fd/N, of /dev/stdin, /dev/stdout or /dev/stderr, or of a symbolic link to
/// one of them; -1 for other paths. `may_be_link` false when the caller knows that `path` is no symbolic
/// link.
int inherited_descriptor(const std::string& path, bool may_be_link = true);
/// Whether `path` leads to a pipe without a name, as that of a process substitution: who closes it cannot
/// open it again.
bool is_anonymous_pipe(const std::string& path);

}  // namespace mrf::io
