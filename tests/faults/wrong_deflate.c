// SPDX-License-Identifier: MIT
// For LD_PRELOAD: libdeflate compresses well, but other bytes than it was given.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

size_t libdeflate_deflate_compress(void* compressor, const void* in, size_t in_size, void* out,
                                   size_t out_size) {
  size_t (*const real)(void*, const void*, size_t, void*, size_t) =
      (size_t(*)(void*, const void*, size_t, void*, size_t))dlsym(RTLD_NEXT, "libdeflate_deflate_compress");
  char* other = malloc(in_size + 1);
  if (real == NULL || other == NULL) abort();
  memcpy(other, in, in_size);
  if (in_size > 0) other[in_size - 1] ^= 1;
  const size_t size = real(compressor, other, in_size, out, out_size);
  free(other);
  return size;
}
