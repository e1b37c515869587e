// SPDX-License-Identifier: MIT
#include "io/rename_together.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/error.h"
#include "io/ending_signals.h"
#include "io/temporaries.h"

namespace mrf {

namespace {

/// One renaming that can be taken back: a second name holds on to the file that is replaced.
class Step {
 public:
  explicit Step(const Renaming& file) : file_(file) {}

  void keep_old() {
    Temporary old(file_.from + ".old");
    struct stat info {};
    if (::lstat(file_.to.c_str(), &info) != 0) {
      if (errno == ENOENT) return;
      throw SystemError("write", file_.name);
    }
    if (S_ISDIR(info.st_mode)) throw SystemError("write", file_.name, EISDIR);
    int error = ::link(file_.to.c_str(), old.path().c_str()) == 0 ? 0 : errno;
    if (error == EPERM || error == EMLINK || error == EOPNOTSUPP) {  // a filesystem without hard links
      error = ::rename(file_.to.c_str(), old.path().c_str()) == 0 ? 0 : errno;
    }
    if (error != 0) throw SystemError("write", file_.name, error);
    old_ = std::move(old);
  }
  void apply() {
    if (::rename(file_.from.c_str(), file_.to.c_str()) != 0) throw SystemError("write", file_.name);
    applied_ = true;
  }
  void take_back() noexcept {
    if (applied_) ::rename(file_.to.c_str(), file_.from.c_str());
    if (old_.empty()) return;
    // rename(2) does nothing when both names are the same file's.
    if (::rename(old_.path().c_str(), file_.to.c_str()) == 0) old_.remove();
    old_.forget();
  }

 private:
  const Renaming& file_;
  Temporary old_;
  bool applied_ = false;
};

}  // namespace

void rename_together(const std::vector<Renaming>& files) {
  const EndingSignalsBlocked blocked;
  std::vector<Step> steps(files.begin(), files.end());
  try {
    if (steps.size() > 1) {
      for (Step& step : steps) step.keep_old();
    }
    for (Step& step : steps) step.apply();
  } catch (const Error&) {
    for (Step& step : steps) step.take_back();
    throw;
  }
}

}  // namespace mrf
