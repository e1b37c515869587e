// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "io/fd.h"
#include "io/temporaries.h"

namespace mrf::io {

/// Where a program's result goes. A regular file (or a name that does not exist) is written without a name
/// in the target's directory, or under a temporary one where the filesystem has no O_TMPFILE (open(2)) or
/// cannot give such a file a name, which is tried at once. It gets its name only in commit(): until then an
/// existing target is left as it was, and nothing remains when the object or the process dies. The mode of a
/// target that is replaced is kept without its setuid, setgid and sticky bits. "-", FIFOs, devices and
/// /dev/stdout and the like are written directly; opening a FIFO waits for its reader.
///
/// The temporary name follows from the target and the boot of this machine, and its file is locked
/// (flock(2)). One that a process has left which was killed is locked by nobody, so that the next object for
/// the same target that needs the name removes it.
class OutputFile {
 public:
  /// What becomes of a file that has the name already.
  enum class Existing {
    replaced,
    kept,  ///< commit() throws SystemError (EEXIST); symbolic links are not followed then
  };

  /// Throws SystemError "cannot open".
  explicit OutputFile(const std::string& path, Existing existing = Existing::replaced);
  OutputFile(OutputFile&&) = default;
  OutputFile& operator=(OutputFile&&) = delete;

  /// Valid until commit().
  FdRef fd() const { return fd_; }
  /// "standard output" or the path, for messages.
  const std::string& name() const { return name_; }
  /// True when data goes straight to a pipe, device or standard output.
  bool is_direct() const { return direct_; }
  /// True when commit_each() writes this file and others to disk faster than commit() does: on a local file
  /// system whose syncfs(2) leaves nothing to fsync(2).
  bool syncs_together() const { return syncs_together_; }

  /// fsync and close; only the name is missing then. For a direct output, close. Throws SystemError.
  void finish();
  /// finish() and rename. Throws SystemError; then the target is as it was.
  void commit();

 private:
  friend void commit_together(const std::vector<OutputFile*>& files);
  friend std::vector<std::exception_ptr> commit_each(const std::vector<OutputFile*>& files);
  void open_temporary();
  void give_name();
  bool commit_to_free_name();
  bool give_target_name();
  void commit_keeping_existing();
  void close();

  std::string name_;
  std::string target_;
  Fd fd_;
  Fd lock_;              ///< keeps the lock of fd_ when that is closed
  Temporary temporary_;  ///< removed before the lock ends
  bool direct_ = false;
  bool syncs_together_ = false;
  dev_t device_ = 0;
  Existing existing_ = Existing::replaced;
};

/// Whether files in `directory` have syncs_together(), as far as earlier OutputFile objects in the same file
/// system tell.
bool is_synced_together(const std::string& directory);

/// Finishes all and gives all their names, or none: when one cannot have its name, the others' targets are as
/// they were before. Throws SystemError.
void commit_together(const std::vector<OutputFile*>& files);

/// Commits each file by itself, as OutputFile::commit() does. The data of those with syncs_together() in one
/// file system is synced together, unless there are fewer than four of them; each directory is synced once,
/// after all have their names. Returns what each of the files threw, null for those that are committed. A
/// file whose commit failed with ENOENT (its directory is gone) may be committed again.
std::vector<std::exception_ptr> commit_each(const std::vector<OutputFile*>& files);

/// The whole of a text as an OutputFile. Throws SystemError; ClosedOutput for "-" only.
void write_output(const std::string& path, std::string_view text);

/// fsync(2) of a regular file; descriptors that cannot be synced (EINVAL, EROFS) are no error. Throws
/// SystemError.
void sync_file(FdRef fd, const std::string& name);

/// A finished file and the name that it is to have.
struct Renaming {
  std::string from;
  std::string to;    ///< in the same filesystem; a file of that name is replaced
  std::string name;  ///< of `to`, for messages
};

/// rename(2) for all of them or for none: when one fails, those before it are taken back and the files that
/// they replaced have their names again. Of several, a file that is replaced changes places with the new one
/// (renameat2(2), RENAME_EXCHANGE), so that no name is missing at any moment. The directories are on disk
/// afterwards. INT, TERM and HUP wait meanwhile. Throws SystemError "cannot write".
void rename_together(const std::vector<Renaming>& files);

/// fsync(2) of the directory that `path` is in, which makes a new name in it last. A directory that may not
/// be read or cannot be synced is no error. Throws SystemError "cannot write" with `name`.
void sync_directory_of(const std::string& path, const std::string& name);

}  // namespace mrf::io
