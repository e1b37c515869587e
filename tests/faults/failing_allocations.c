// SPDX-License-Identifier: MIT
// Preloaded (ld.so(8)): the FAIL_AT-th allocation of the process fails, and the file FAIL_LOG is made when it does.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

extern void* __libc_malloc(size_t size);
extern void* __libc_calloc(size_t count, size_t size);
extern void* __libc_realloc(void* old, size_t size);
extern void* __libc_memalign(size_t alignment, size_t size);

static atomic_long calls;
static atomic_long fail_at = -1;

static int fails(void) {
  const long number = atomic_fetch_add(&calls, 1) + 1;
  if (atomic_load(&fail_at) < 0) {
    const char* wanted = getenv("FAIL_AT");
    if (environ == NULL) return 0;
    atomic_store(&fail_at, wanted == NULL ? 0 : atol(wanted));
  }
  if (number != atomic_load(&fail_at)) return 0;
  const char* log = getenv("FAIL_LOG");
  if (log != NULL) close(open(log, O_WRONLY | O_CREAT, 0666));
  errno = ENOMEM;
  return 1;
}

void* malloc(size_t size) { return fails() ? NULL : __libc_malloc(size); }
void* calloc(size_t count, size_t size) { return fails() ? NULL : __libc_calloc(count, size); }
void* realloc(void* old, size_t size) { return fails() ? NULL : __libc_realloc(old, size); }
void* memalign(size_t alignment, size_t size) { return fails() ? NULL : __libc_memalign(alignment, size); }
void* aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }
int posix_memalign(void** to, size_t alignment, size_t size) {
  void* got = memalign(alignment, size);
  if (got == NULL) return ENOMEM;
  *to = got;
  return 0;
}
