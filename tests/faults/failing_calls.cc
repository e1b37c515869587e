// SPDX-License-Identifier: MIT
// Preloaded (ld.so(8)): the FAIL_AT-th call of kind FAIL_CALL fails with error FAIL_ERRNO, counted for each
// process by itself; close(2) closes, as it does in the kernel, and then fails. With FAIL_IN=NAME:N only in
// processes of the program NAME that were forked N times since it was executed: mrf-run:0 is mrf-run
// itself, mrf-run:1 its watchdog.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <string>

namespace {

std::atomic<long> calls{0};
long forks = 0;

std::string setting(const char* name) {
  const char* value = ::getenv(name);
  return value == nullptr ? "" : value;
}

void leave_mark() {
  static const auto real_open = reinterpret_cast<int (*)(const char*, int, ...)>(::dlsym(RTLD_NEXT, "open"));
  static const auto real_write =
      reinterpret_cast<ssize_t (*)(int, const void*, size_t)>(::dlsym(RTLD_NEXT, "write"));
  const int log = real_open(setting("FAIL_LOG").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  (void)!real_write(log, "(INJECTED)\n", 11);
}

// Whether this call is the one, errno(3) set.
bool fails(const char* kind) {
  static const std::string wanted = setting("FAIL_CALL");
  static const std::string place = setting("FAIL_IN");
  static const long fail_at = ::atol(setting("FAIL_AT").c_str());
  if (wanted != kind) return false;
  if (!place.empty() && place != program_invocation_short_name + (":" + std::to_string(forks))) return false;
  if (++calls != fail_at) return false;
  leave_mark();
  errno = ::atoi(setting("FAIL_ERRNO").c_str());
  return true;
}

[[gnu::constructor]] void watch_forks() {
  ::pthread_atfork(nullptr, nullptr, [] {
    ++forks;
    calls = 0;
  });
}

template <class Function>
Function* real(Function*, const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

#define FAILING(kind, result, name, parameters, arguments, failed) \
  extern "C" result name parameters {                              \
    static auto* const next = real(&name, #name);                  \
    return fails(kind) ? failed : next arguments;                  \
  }

FAILING("read", ssize_t, read, (int fd, void* to, size_t n), (fd, to, n), -1)
FAILING("write", ssize_t, write, (int fd, const void* from, size_t n), (fd, from, n), -1)
FAILING("fsync", int, fsync, (int fd), (fd), -1)
FAILING("rename", int, rename, (const char* from, const char* to) noexcept, (from, to), -1)
FAILING("rename", int, renameat, (int at, const char* from, int in, const char* to) noexcept,
        (at, from, in, to), -1)
FAILING("rename", int, renameat2, (int at, const char* from, int in, const char* to, unsigned flags) noexcept,
        (at, from, in, to, flags), -1)
FAILING("link", int, link, (const char* from, const char* to) noexcept, (from, to), -1)
FAILING("link", int, linkat, (int at, const char* from, int in, const char* to, int flags) noexcept,
        (at, from, in, to, flags), -1)
FAILING("mmap", void*, mmap, (void* at, size_t n, int rights, int flags, int fd, off_t offset) noexcept,
        (at, n, rights, flags, fd, offset), MAP_FAILED)
FAILING("mmap", void*, mmap64, (void* at, size_t n, int rights, int flags, int fd, off64_t offset) noexcept,
        (at, n, rights, flags, fd, offset), MAP_FAILED)
FAILING("pipe2", int, pipe2, (int ends[2], int flags) noexcept, (ends, flags), -1)
FAILING("fork", pid_t, fork, () noexcept, (), -1)
FAILING("fork", int, clone, (int (*function)(void*), void* stack, int flags, void* argument, ...) noexcept,
        (function, stack, flags, argument), -1)
FAILING("ftruncate", int, ftruncate, (int fd, off_t size) noexcept, (fd, size), -1)
FAILING("ftruncate", int, ftruncate64, (int fd, off64_t size) noexcept, (fd, size), -1)

extern "C" int close(int fd) {
  static auto* const next = real(&close, "close");
  const int result = next(fd);
  return result == 0 && fails("close") ? -1 : result;
}
