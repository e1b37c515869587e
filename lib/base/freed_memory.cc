// SPDX-License-Identifier: MIT
#include "base/freed_memory.h"

#include <malloc.h>

namespace mrf::base {

void keep_freed_memory() noexcept {
#if defined(M_MMAP_THRESHOLD) && defined(M_TRIM_THRESHOLD)
  // Without them the memory is the same, and only slower.
  constexpr int kept = 8 << 20;
  (void)mallopt(M_MMAP_THRESHOLD, kept);
  (void)mallopt(M_TRIM_THRESHOLD, kept);
#endif
}

}  // namespace mrf::base
