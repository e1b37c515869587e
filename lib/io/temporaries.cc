// SPDX-License-Identifier: MIT
#include "io/temporaries.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <mutex>
#include <new>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/environment.h"
#include "base/error.h"
#include "io/killed_group.h"
#include "io/signals.h"

namespace mrf::io {

namespace {

// The handler walks a list whose nodes are never freed; a name is cleared by its first byte.
struct Slot {
  char path[4096];
  Slot* next;
};
Slot* volatile slots = nullptr;
std::mutex mutex;

void remove_all_and_die(int number) {
  if (!may_end_now(number)) return;
  kill_groups();
  for (Slot* slot = slots; slot != nullptr; slot = slot->next) {
    if (slot->path[0] != '\0') ::unlink(slot->path);
  }
  die_of_signal(number);
}

void remember(const std::string& path) {
  if (path.size() >= sizeof(Slot::path)) return;
  const EndingSignalsBlocked blocked;
  const std::lock_guard lock(mutex);
  Slot* slot = slots;
  while (slot != nullptr && slot->path[0] != '\0') slot = slot->next;
  if (slot == nullptr) {
    slot = new Slot{{}, slots};
    slots = slot;
  }
  ::memcpy(slot->path, path.c_str(), path.size() + 1);
}

void drop(const std::string& path) noexcept {
  const EndingSignalsBlocked blocked;
  const std::lock_guard lock(mutex);
  for (Slot* slot = slots; slot != nullptr; slot = slot->next) {
    if (path == slot->path) slot->path[0] = '\0';
  }
}

}  // namespace

Temporary::Temporary(std::string path) : path_(std::move(path)) { remember(path_); }

Temporary::Temporary(Temporary&& other) noexcept : path_(std::exchange(other.path_, {})) {}

Temporary& Temporary::operator=(Temporary&& other) noexcept {
  if (this != &other) {
    remove();
    path_ = std::exchange(other.path_, {});
  }
  return *this;
}

void Temporary::remove() noexcept {
  if (path_.empty()) return;
  const EndingSignalsBlocked blocked;  // the name may be another one's afterwards
  ::unlink(path_.c_str());
  forget();
}

void Temporary::forget() noexcept {
  if (path_.empty()) return;
  drop(path_);
  path_.clear();
}

void remove_temporaries_on_signals() {
  for (const int number : ending_signals) {
    struct sigaction now {};
    if (::sigaction(number, nullptr, &now) != 0 || now.sa_handler == SIG_IGN) continue;
    struct sigaction action {};
    action.sa_handler = remove_all_and_die;
    sigfillset(&action.sa_mask);
    ::sigaction(number, &action, nullptr);
  }
}

std::string temporary_directory() {
  std::string directory = base::environment("TMPDIR");
  return directory.empty() ? "/tmp" : directory;
}

std::string absolute_temporary_directory() {
  std::error_code error;
  const std::string directory = temporary_directory();
  const auto absolute = std::filesystem::absolute(directory, error);
  return error ? directory : absolute.string();
}

Temporary make_temporary_file(const std::string& directory, const std::string& what) {
  std::string path = directory + "/mrf-" + what + ".XXXXXX";
  const EndingSignalsBlocked blocked;
  const Fd file(adopt_fd, ::mkostemp(path.data(), O_CLOEXEC));
  if (!file.is_open()) throw base::SystemError("make a temporary file in", directory);
  return Temporary(path);
}

std::string scratch_file_name() { return "temporary file in " + temporary_directory(); }

Fd open_scratch_file() {
  const std::string directory = temporary_directory();
  Fd file(adopt_fd, ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  // Not every file system knows files without a name (open(2)).
  if (!file.is_open() && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
    std::string path = directory + "/mrf-scratch.XXXXXX";
    const EndingSignalsBlocked blocked;
    file = Fd(adopt_fd, ::mkostemp(path.data(), O_CLOEXEC));
    if (file.is_open() && ::unlink(path.c_str()) != 0) throw base::SystemError("remove", path);
  }
  if (!file.is_open()) throw base::SystemError("make", scratch_file_name());
  return file;
}

}  // namespace mrf::io
