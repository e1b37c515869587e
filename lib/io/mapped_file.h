// SPDX-License-Identifier: MIT
#pragma once

#include <signal.h>

#include <atomic>
#include <cstddef>
#include <string>

#include "io/fd.h"

namespace mrf::io {

/// A regular file in memory, to be read. Where the file became shorter since, or its disk fails, the kernel
/// sends SIGBUS (mmap(2)): zero bytes stand there then, and check() says so.
class MappedFile {
 public:
  MappedFile() = default;
  /// Maps `size` bytes from the start of `file`, which outlives the object; is_mapped() says whether that
  /// worked. `name` is for messages. Throws std::bad_alloc.
  MappedFile(FdRef file, std::size_t size, const std::string& name);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile() { unmap(); }

  bool is_mapped() const { return data_ != nullptr; }
  char* data() const { return data_; }
  std::size_t size() const { return size_; }

  /// To be asked after bytes of any mapped file were read, before they are used. Throws Error "cannot read"
  /// when a file that is mapped now did not have them.
  static void check() {
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (damaged_.load(std::memory_order_relaxed) != nullptr) [[unlikely]]
      fail();
  }
  /// check(), and the same for a file that became shorter within its last page, where no signal comes.
  void check_size() const;

 private:
  struct Slot;

  [[noreturn]] static void fail();
  static Slot* take_slot();
  static void watch_faults();
  static void fill_with_zeros(int number, siginfo_t* info, void* context);
  void unmap() noexcept;

  static std::atomic<Slot*> slots_;
  static inline std::atomic<const Slot*> damaged_{nullptr};

  char* data_ = nullptr;
  std::size_t size_ = 0;
  Slot* slot_ = nullptr;
};

}  // namespace mrf::io
