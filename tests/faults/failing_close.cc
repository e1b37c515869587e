// SPDX-License-Identifier: MIT
// Preloaded (ld.so(8)): the FAIL_AT-th close(2) of each process closes, as it does in the kernel, and then
// fails.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <atomic>

namespace {

std::atomic<long> calls{0};

void leave_mark() {
  const int log = ::open(::getenv("FAIL_LOG"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  (void)!::write(log, "(INJECTED)\n", 11);
}

}  // namespace

extern "C" int close(int fd) {
  static const auto real = reinterpret_cast<int (*)(int)>(::dlsym(RTLD_NEXT, "close"));
  static const long fail_at = ::atol(::getenv("FAIL_AT"));
  const int result = real(fd);
  if (++calls != fail_at || result != 0) return result;
  leave_mark();
  errno = EIO;
  return -1;
}
