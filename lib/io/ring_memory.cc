// SPDX-License-Identifier: MIT
#include "io/ring_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "io/fd.h"

namespace mrf::io {

namespace {

constexpr const char* object = "ring of shared memory";

void map_at(char* place, std::size_t size, FdRef fd) {
  if (::mmap(place, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd.get(), 0) == MAP_FAILED)
    throw base::SystemError("allocate", object);
}

}  // namespace

RingMemory::RingMemory(std::size_t size) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  size_ = (size + page - 1) / page * page;
  const Fd fd(adopt_fd, ::memfd_create("mrf-ring", MFD_CLOEXEC));
  if (!fd.is_open() || ::ftruncate(fd.get(), static_cast<off_t>(size_)) != 0)
    throw base::SystemError("allocate", object);
  void* reserved = ::mmap(nullptr, 2 * size_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (reserved == MAP_FAILED) throw base::SystemError("allocate", object);
  base_ = static_cast<char*>(reserved);
  try {
    map_at(base_, size_, fd);
    map_at(base_ + size_, size_, fd);
  } catch (const base::SystemError&) {
    ::munmap(base_, 2 * size_);
    throw;
  }
}

RingMemory::~RingMemory() { ::munmap(base_, 2 * size_); }

}  // namespace mrf::io
