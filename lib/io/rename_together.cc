// SPDX-License-Identifier: MIT
#include "io/rename_together.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <set>

#include "base/error.h"
#include "io/ending_signals.h"
#include "io/fd.h"
#include "io/output_file.h"
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

}  // namespace mrf::io
