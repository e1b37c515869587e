// SPDX-License-Identifier: MIT
#include "io/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "base/error.h"
#include "io/fd.h"
#include "io/paths.h"
#include "io/reader.h"
#include "io/signals.h"
#include "io/temporaries.h"

namespace mrf::io {

namespace {

// False when another process has it. Where there are no locks, others do not get one either.
bool lock(FdRef fd) { return ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK; }

// NAME_MAX is 255, so a long name is cut.
std::string temporary_name(const std::string& target, std::uint64_t number) {
  return fmt::format("{}/.{}.{:016x}", directory_of(target), base_of(target).substr(0, 200), number);
}

std::string random_name(const std::string& target) {
  std::uint64_t number = 0;
  if (::getrandom(&number, sizeof number, 0) < 0) throw base::SystemError("open", target);
  return temporary_name(target, number);
}

// "" when the system does not tell.
const std::string& boot_of_machine() {
  static const std::string boot = []() -> std::string {
    try {
      return start_of_machine();
    } catch (const base::SystemError&) {
      return "";
    }
  }();
  return boot;
}

// The name number `count` that files for the target have on this machine until it starts again.
std::string own_name(const std::string& target, unsigned count) {
  const std::string text = boot_of_machine() + base_of(target) + std::to_string(count);
  return temporary_name(target, XXH3_64bits(text.data(), text.size()));
}

// Removes a file with an own_name() that a killed process has left. Returns whether it has. Only who has the
// lock removes the file, and a name is given only to a file that is locked: so the file that has the name
// under the lock keeps it.
bool remove_left(const std::string& path) {
  const Fd file(adopt_fd, ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat info {};
  if (!file.is_open() || ::fstat(file.get(), &info) != 0) return false;
  if (!S_ISREG(info.st_mode) || info.st_uid != ::geteuid()) return false;
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0 || !has_name(file, path, false)) return false;
  return ::unlink(path.c_str()) == 0;
}

// Calls `make` with a name, which gives it to a file that is locked; when it is taken (EEXIST), what is left
// is removed, and other names are tried. Throws SystemError "cannot VERB".
template <typename Make>
Temporary make_temporary(const std::string& target, const char* verb, const std::string& shown, Make make) {
  constexpr unsigned own_names = 8;
  for (unsigned count = 0; count < own_names && !boot_of_machine().empty(); ++count) {
    const std::string path = own_name(target, count);
    const EndingSignalsBlocked blocked;
    if (make(path)) return Temporary(path);
    if (errno != EEXIST) throw base::SystemError(verb, shown);
    if (remove_left(path) && make(path)) return Temporary(path);
  }
  const std::string path = random_name(target);
  const EndingSignalsBlocked blocked;
  if (!make(path)) throw base::SystemError(verb, shown);
  return Temporary(path);
}

/// One renaming that can be taken back.
class Step {
 public:
  Step(const Renaming& file, bool is_alone) : file_(file), is_alone_(is_alone) {}

  void apply() {
    struct stat info {};
    const bool exists = ::lstat(file_.to.c_str(), &info) == 0;
    if (!exists && errno != ENOENT) throw base::SystemError("write", file_.name);
    if (exists && S_ISDIR(info.st_mode)) throw base::SystemError("write", file_.name, EISDIR);
    if (exists && !is_alone_) {
      if (exchange()) return;
      keep_old();
    }
    if (::rename(file_.from.c_str(), file_.to.c_str()) != 0) throw base::SystemError("write", file_.name);
    // What a single renaming has replaced is gone: the new file stays, whatever fails later.
    if (!exists || !is_alone_) done_ = Done::renamed;
  }

  void take_back() noexcept {
    if (done_ == Done::exchanged) {
      ::renameat2(AT_FDCWD, file_.from.c_str(), AT_FDCWD, file_.to.c_str(), RENAME_EXCHANGE);
    }
    if (done_ == Done::renamed) ::rename(file_.to.c_str(), file_.from.c_str());
    if (old_.empty()) return;
    // rename(2) does nothing when both names are the same file's.
    if (::rename(old_.path().c_str(), file_.to.c_str()) == 0) old_.remove();
    old_.forget();
  }

  void remove_old() noexcept {
    if (done_ == Done::exchanged) ::unlink(file_.from.c_str());
    old_.remove();
  }

 private:
  // False where the filesystem or the kernel cannot do it. The old file has the temporary name then, and must
  // not look like one that was left.
  bool exchange() {
    old_lock_ = Fd(adopt_fd, ::open(file_.to.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (old_lock_.is_open()) (void)lock(old_lock_);
    if (::renameat2(AT_FDCWD, file_.from.c_str(), AT_FDCWD, file_.to.c_str(), RENAME_EXCHANGE) == 0) {
      done_ = Done::exchanged;
      return true;
    }
    if (errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP) return false;
    throw base::SystemError("write", file_.name);
  }

  // A second name holds on to the file that is replaced.
  void keep_old() {
    Temporary old(random_name(file_.to));
    int error = ::link(file_.to.c_str(), old.path().c_str()) == 0 ? 0 : errno;
    if (error == EPERM || error == EMLINK || error == EOPNOTSUPP) {  // a filesystem without hard links
      error = ::rename(file_.to.c_str(), old.path().c_str()) == 0 ? 0 : errno;
    }
    if (error != 0) throw base::SystemError("write", file_.name, error);
    old_ = std::move(old);
  }

  enum class Done { nothing, renamed, exchanged };

  const Renaming& file_;
  const bool is_alone_;
  Done done_ = Done::nothing;
  Fd old_lock_;
  Temporary old_;
};

void sync_directories(const std::vector<Renaming>& files) {
  std::set<std::string> synced;
  for (const Renaming& file : files) {
    if (synced.insert(directory_of(file.to)).second) sync_directory_of(file.to, file.name);
  }
}

}  // namespace

void sync_directory_of(const std::string& path, const std::string& name) {
  const Fd directory(adopt_fd,
                     ::open(directory_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK));
  if (!directory.is_open()) {
    if (errno == EACCES || errno == EPERM) return;
    throw base::SystemError("write", name);
  }
  sync_file(directory, name);
}

void rename_together(const std::vector<Renaming>& files) {
  const EndingSignalsBlocked blocked;
  std::vector<Step> steps;
  steps.reserve(files.size());
  for (const Renaming& file : files) steps.emplace_back(file, files.size() == 1);
  try {
    for (Step& step : steps) step.apply();
    sync_directories(files);
  } catch (...) {  // for lack of memory, too
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) step->take_back();
    throw;
  }
  for (Step& step : steps) step.remove_old();
}

namespace {

std::optional<struct stat> status_of(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0) return info;
  if (errno != ENOENT) throw base::SystemError("open", path);
  return std::nullopt;
}

// Not open where the filesystem has no O_TMPFILE (open(2)).
Fd open_nameless(const std::string& target, const std::string& name) {
  const int fd = ::open(directory_of(target).c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
  if (fd < 0 && errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)
    throw base::SystemError("open", name);
  return {adopt_fd, fd};
}

// linkat(2) with AT_EMPTY_PATH looks nothing up, but before Linux 6.10 it is for root only (ENOENT); by /proc
// everybody may, if it is mounted.
bool link_to(FdRef fd, const std::string& path) {
  static std::atomic<bool> is_by_proc{false};
  if (!is_by_proc) {
    if (::linkat(fd.get(), "", AT_FDCWD, path.c_str(), AT_EMPTY_PATH) == 0) return true;
    if (errno != ENOENT && errno != EPERM && errno != EINVAL) return false;
  }
  const std::string self = fmt::format("/proc/self/fd/{}", fd.get());
  const bool is_linked = ::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0;
  if (is_linked) is_by_proc = true;
  return is_linked;
}

struct FileSystem {
  dev_t device = 0;
  bool names = false;           // nameless files can get names
  bool syncs_together = false;  // a local one, whose syncfs(2) writes data and journal as fsync(2) does
};

struct KnownFileSystems {
  std::mutex mutex;
  std::map<dev_t, FileSystem> systems;
};

KnownFileSystems& known_file_systems() {
  static KnownFileSystems known;
  return known;
}

bool can_have_name(const Fd& file, const std::string& target) {
  if (!file.is_open()) return false;
  (void)lock(file);
  try {
    const Temporary name =
        make_temporary(target, "open", target, [&](const std::string& path) { return link_to(file, path); });
    return true;
  } catch (const base::SystemError&) {
    return false;
  }
}

// Found out now with another file of that directory, not when hours of work are to get their name; once for
// each filesystem.
FileSystem file_system_of(FdRef fd, const std::string& target) {
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return {};
  auto& known = known_file_systems();
  const std::lock_guard lock(known.mutex);
  const auto [at, is_new] = known.systems.try_emplace(info.st_dev);
  if (is_new) {
    at->second.device = info.st_dev;
    at->second.names = can_have_name(open_nameless(target, target), target);
    struct statfs system {};
    const bool is_known = at->second.names && ::fstatfs(fd.get(), &system) == 0;
    at->second.syncs_together =
        is_known && (system.f_type == EXT4_SUPER_MAGIC || system.f_type == XFS_SUPER_MAGIC);
  }
  return at->second;
}

}  // namespace

bool is_synced_together(const std::string& directory) {
  struct stat info {};
  if (::stat(directory.c_str(), &info) != 0) return false;
  auto& known = known_file_systems();
  const std::lock_guard lock(known.mutex);
  const auto system = known.systems.find(info.st_dev);
  return system != known.systems.end() && system->second.syncs_together;
}

void sync_file(FdRef fd, const std::string& name) {
  if (::fsync(fd.get()) != 0 && errno != EINVAL && errno != EROFS && errno != EOPNOTSUPP)
    throw base::SystemError("write", name);
}

OutputFile::OutputFile(const std::string& path, Existing existing_files)
    : name_(path == "-" ? stdout_name : path), existing_(existing_files) {
  if (path == "-") {
    fd_ = duplicate(FdRef(STDOUT_FILENO));
    direct_ = true;
    return;
  }
  struct stat info {};
  const bool exists = ::lstat(path.c_str(), &info) == 0;
  const bool is_missing = !exists && errno == ENOENT;
  const bool may_be_link = !is_missing && (!exists || S_ISLNK(info.st_mode));
  // A regular file is written at its current offset; the pipe of a process substitution has no other name.
  if (const int fd = inherited_descriptor(path, may_be_link); fd >= 0) {
    if (::fcntl(fd, F_GETFD) < 0) throw base::SystemError("open", name_);
    fd_ = duplicate(FdRef(fd));
    direct_ = true;
    return;
  }
  target_ = existing_ == Existing::kept || !may_be_link ? path : follow_link(path);
  if (target_.empty()) throw base::SystemError("open", name_, ENOENT);
  if (base_of(target_).empty()) throw base::SystemError("open", name_, EISDIR);
  std::optional<struct stat> existing;
  if (may_be_link) {
    existing = status_of(target_);
  } else if (exists) {
    existing = info;
  }
  if (existing && S_ISDIR(existing->st_mode)) throw base::SystemError("open", name_, EISDIR);
  direct_ = existing && !S_ISREG(existing->st_mode);
  if (direct_) {
    fd_ = open_file(path, O_WRONLY);
    return;
  }
  if (existing && ::access(target_.c_str(), W_OK) != 0) throw base::SystemError("open", name_);
  open_temporary();
  if (existing && ::fchmod(fd_.get(), existing->st_mode & 0777) != 0) throw base::SystemError("open", name_);
}

void OutputFile::open_temporary() {
  fd_ = open_nameless(target_, name_);
  if (fd_.is_open()) {
    const FileSystem system = file_system_of(fd_, target_);
    syncs_together_ = system.syncs_together;
    device_ = system.device;
    if (system.names) return;
  }
  temporary_ = make_temporary(target_, "open", name_, [this](const std::string& path) {
    fd_ = Fd(adopt_fd, ::open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0666));
    if (!fd_.is_open()) return false;
    if (lock(fd_) && has_name(fd_, path, false)) return true;
    errno = EEXIST;  // another process takes it for one that was left
    return false;
  });
}

// linkat(2) does not replace a name, rename(2) does.
void OutputFile::give_name() {
  (void)lock(fd_);
  temporary_ =
      make_temporary(target_, "write", name_, [this](const std::string& path) { return link_to(fd_, path); });
}

void OutputFile::close() {
  if (!temporary_.empty()) lock_ = Fd(adopt_fd, ::fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0));
  if (const int error = fd_.close(); error != 0) throw base::SystemError("write", name_, error);
}

void OutputFile::finish() {
  if (!fd_.is_open()) return;
  if (!direct_) {
    sync_file(fd_, name_);
    if (temporary_.empty()) give_name();
  }
  close();
}

void OutputFile::commit() {
  if (existing_ == Existing::kept && !direct_) {
    commit_keeping_existing();
    return;
  }
  const bool is_nameless = fd_.is_open() && !direct_ && temporary_.empty();
  if (is_nameless && commit_to_free_name()) return;
  commit_together({this});
}

namespace {

// Gives the file the name `to`, and fails when that is taken, by whatever it is: link(2), and where the
// filesystem has no hard links renameat2(2). NFS has no such renameat2(2).
void move_to_free_name(Temporary& from, const std::string& to, const std::string& name) {
  if (::link(from.path().c_str(), to.c_str()) == 0) return from.remove();
  const int error = errno;
  if (error != EPERM && error != EMLINK && error != EOPNOTSUPP && error != ENOSYS)
    throw base::SystemError("write", name, error);
  if (::renameat2(AT_FDCWD, from.path().c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0)
    return from.forget();
  if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP) throw base::SystemError("write", name);
  throw base::Error(base::Status::failure, "write", name,
                    "its file system has no hard links, and cannot rename without replacing a file; name a "
                    "place on another one");
}

}  // namespace

void OutputFile::commit_keeping_existing() {
  finish();
  move_to_free_name(temporary_, target_, name_);
  try {
    sync_directory_of(target_, name_);
  } catch (const base::SystemError&) {
    ::unlink(target_.c_str());
    throw;
  }
}

// One change of the directory instead of three. When the name is taken, the file is left as by finish().
bool OutputFile::commit_to_free_name() {
  sync_file(fd_, name_);
  if (!link_to(fd_, target_)) {
    if (errno != EEXIST) throw base::SystemError("write", name_);
    give_name();
    close();
    return false;
  }
  try {
    close();
    sync_directory_of(target_, name_);
  } catch (const base::SystemError&) {
    ::unlink(target_.c_str());
    throw;
  }
  return true;
}

void write_output(const std::string& path, std::string_view text) {
  OutputFile file(path);
  Meter meter;
  try {
    write_all(file.fd(), file.name(), text, meter);
  } catch (const base::ClosedOutput&) {
    if (path == "-") throw;
    throw base::SystemError("write", file.name(), EPIPE);
  }
  file.commit();
}

void commit_together(const std::vector<OutputFile*>& files) {
  for (OutputFile* file : files) file->finish();
  std::vector<Renaming> renamings;
  for (const OutputFile* file : files) {
    if (!file->direct_) renamings.push_back({file->temporary_.path(), file->target_, file->name_});
  }
  const EndingSignalsBlocked blocked;
  rename_together(renamings);
  for (OutputFile* file : files) {
    file->temporary_.forget();
    file->lock_.reset();
  }
}

// The data is on disk; the name is not, before its directory is synced. Returns whether there was no such
// file.
bool OutputFile::give_target_name() {
  const bool is_nameless = temporary_.empty();
  const bool replaces = existing_ == Existing::replaced;
  bool is_new = is_nameless && replaces && link_to(fd_, target_);
  if (!is_new) {
    if (is_nameless && replaces && errno != EEXIST) throw base::SystemError("write", name_);
    if (is_nameless) give_name();
    is_new = !replaces || (!is_nameless && ::access(target_.c_str(), F_OK) != 0);
    const EndingSignalsBlocked blocked;
    if (!replaces) {
      move_to_free_name(temporary_, target_, name_);
    } else if (::rename(temporary_.path().c_str(), target_.c_str()) != 0) {
      throw base::SystemError("write", name_);
    }
    temporary_.forget();
  }
  try {
    close();
  } catch (const base::SystemError&) {
    if (is_new) ::unlink(target_.c_str());
    throw;
  }
  return is_new;
}

namespace {

// One syncfs(2) takes a sixth of the processor time of an fsync(2) for each of 32 small files, and a third of
// the time or less. False when each file is to be synced by itself: there are so few that what other programs
// wrote is more to wait for, or something in the file system failed.
bool sync_file_system_of(const std::vector<const OutputFile*>& files) {
  constexpr std::size_t fewest = 4;
  return files.size() >= fewest && ::syncfs(files.front()->fd().get()) == 0;
}

// After syncfs(2), which reports nothing of single files. The kernel reports a failed write only once
// (errseq), so fsync(2) would not report it again.
void require_written(FdRef fd, const std::string& name) {
  if (::sync_file_range(fd.get(), 0, 0, SYNC_FILE_RANGE_WAIT_BEFORE) == 0) return;
  if (errno == EIO || errno == ENOSPC || errno == EDQUOT) throw base::SystemError("write", name);
  sync_file(fd, name);
}

}  // namespace

std::vector<std::exception_ptr> commit_each(const std::vector<OutputFile*>& files) {
  std::vector<std::exception_ptr> thrown(files.size());
  const auto each = [&](const auto& step) {
    for (std::size_t i = 0; i < files.size(); ++i) {
      if (thrown[i]) continue;
      try {
        step(*files[i]);
      } catch (...) {
        thrown[i] = std::current_exception();
      }
    }
  };
  std::map<dev_t, std::vector<const OutputFile*>> systems;
  for (const OutputFile* file : files) {
    if (file->syncs_together_) systems[file->device_].push_back(file);
  }
  std::erase_if(systems, [](const auto& system) { return !sync_file_system_of(system.second); });
  each([&](OutputFile& file) {
    const bool is_synced = file.syncs_together_ && systems.contains(file.device_);
    (is_synced ? require_written : sync_file)(file.fd_, file.name_);
  });
  std::set<const OutputFile*> are_new;
  each([&](OutputFile& file) {
    if (file.give_target_name()) are_new.insert(&file);
  });
  std::map<std::string, int> errors;  // of the directories
  each([&](OutputFile& file) {
    const auto [directory, is_first] = errors.try_emplace(directory_of(file.target_), 0);
    try {
      if (is_first) sync_directory_of(file.target_, file.name_);
    } catch (const base::SystemError& error) {
      directory->second = error.error_number();
    }
    if (directory->second == 0) return;
    if (are_new.contains(&file)) ::unlink(file.target_.c_str());
    throw base::SystemError("write", file.name_, directory->second);
  });
  return thrown;
}

}  // namespace mrf::io
