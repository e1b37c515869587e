// SPDX-License-Identifier: MIT
#include "io/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstdio>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "base/error.h"
#include "io/fd.h"
#include "io/paths.h"
#include "io/signals.h"
#include "io/temporaries.h"

namespace mrf::io {

namespace {

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
    // What a single one has replaced is gone: the new file stays whatever comes.
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
  // False where the filesystem or the kernel cannot do it.
  bool exchange() {
    if (::renameat2(AT_FDCWD, file_.from.c_str(), AT_FDCWD, file_.to.c_str(), RENAME_EXCHANGE) == 0) {
      done_ = Done::exchanged;
      return true;
    }
    if (errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP) return false;
    throw base::SystemError("write", file_.name);
  }

  // A second name holds on to the file that is replaced.
  void keep_old() {
    Temporary old(file_.from + ".old");
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

// NAME_MAX is 255: a long name is cut.
std::string temporary_name(const std::string& target) {
  std::uint64_t number = 0;
  if (::getrandom(&number, sizeof number, 0) < 0) throw base::SystemError("open", target);
  return fmt::format("{}/.{}.{:016x}", directory_of(target), base_of(target).substr(0, 200), number);
}

// Not open where the filesystem has no O_TMPFILE (open(2)).
Fd open_nameless(const std::string& target, const std::string& name) {
  const int fd = ::open(directory_of(target).c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
  if (fd < 0 && errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)
    throw base::SystemError("open", name);
  return {adopt_fd, fd};
}

// linkat(2) with AT_EMPTY_PATH is for root only; by /proc everybody may, if it is mounted.
bool link_to(FdRef fd, const std::string& path) {
  const std::string self = fmt::format("/proc/self/fd/{}", fd.get());
  return ::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0;
}

// Found out now with another file of that directory, not when hours of work are to get their name; once for
// each filesystem.
bool can_be_named(FdRef fd, const std::string& target) {
  static std::mutex mutex;
  static std::map<dev_t, bool> known;
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return false;
  const std::lock_guard lock(mutex);
  const auto [at, is_new] = known.try_emplace(info.st_dev, false);
  if (is_new) {
    const Fd probe = open_nameless(target, target);
    const Temporary name(temporary_name(target));
    at->second = probe.is_open() && link_to(probe, name.path());
  }
  return at->second;
}

}  // namespace

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
  // A regular file is written at its current offset; the pipe of a process substitution has no other name.
  if (const int fd = inherited_descriptor(path); fd >= 0) {
    if (::fcntl(fd, F_GETFD) < 0) throw base::SystemError("open", name_);
    fd_ = duplicate(FdRef(fd));
    direct_ = true;
    return;
  }
  target_ = existing_ == Existing::kept ? path : follow_link(path);
  if (target_.empty()) throw base::SystemError("open", name_, ENOENT);
  if (base_of(target_).empty()) throw base::SystemError("open", name_, EISDIR);
  const auto existing = status_of(target_);
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
  if (fd_.is_open() && can_be_named(fd_, target_)) return;
  temporary_ = Temporary(temporary_name(target_));
  const int fd = ::open(temporary_.path().c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0666);
  if (fd < 0) throw base::SystemError("open", name_);
  fd_ = Fd(adopt_fd, fd);
}

// linkat(2) does not replace a name, rename(2) does.
void OutputFile::give_name() {
  Temporary temporary(temporary_name(target_));
  if (!link_to(fd_, temporary.path())) throw base::SystemError("write", name_);
  temporary_ = std::move(temporary);
}

void OutputFile::close() {
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

// link(2) fails when the name is taken, by whatever it is.
void OutputFile::commit_keeping_existing() {
  finish();
  if (::link(temporary_.path().c_str(), target_.c_str()) != 0) throw base::SystemError("write", name_);
  temporary_.remove();
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
  write_all(file.fd(), file.name(), text, meter);
  file.commit();
}

void commit_together(const std::vector<OutputFile*>& files) {
  for (OutputFile* file : files) file->finish();
  std::vector<Renaming> renamings;
  for (const OutputFile* file : files) {
    if (!file->direct_) renamings.push_back({file->temporary_.path(), file->target_, file->name_});
  }
  rename_together(renamings);
  for (OutputFile* file : files) file->temporary_.forget();
}

}  // namespace mrf::io
