// SPDX-License-Identifier: MIT
#include "io/mapped_file.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <utility>

#include "base/error.h"

namespace mrf::io {

// The handler walks a list whose nodes are never freed; one whose `begin` is null maps nothing.
struct MappedFile::Slot {
  std::atomic<char*> begin{nullptr};
  std::atomic<std::size_t> size{0};
  bool is_taken = true;
  int fd = -1;
  std::string name{};
  Slot* next = nullptr;

  bool is_shorter() const {
    struct stat info {};
    return ::fstat(fd, &info) == 0 && static_cast<std::size_t>(info.st_size) < size;
  }
  [[noreturn]] void fail() const {
    if (is_shorter()) throw base::Error(base::Status::failure, "read", name, "the file became shorter");
    throw base::SystemError("read", name, EIO);
  }
};

namespace {
std::mutex slots_mutex;
std::size_t page_size = 4096;
}  // namespace

std::atomic<MappedFile::Slot*> MappedFile::slots_{nullptr};

void MappedFile::fill_with_zeros(int number, siginfo_t* info, void*) {
  char* const at = static_cast<char*>(info->si_addr);
  for (const Slot* slot = slots_; slot != nullptr; slot = slot->next) {
    char* const begin = slot->begin;
    char* const end = begin + slot->size;
    if (begin == nullptr || at < begin || at >= end) continue;
    damaged_ = slot;
    char* const from = at - static_cast<std::size_t>(at - begin) % page_size;
    constexpr int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;
    if (::mmap(from, static_cast<std::size_t>(end - from), PROT_READ, flags, -1, 0) != MAP_FAILED) return;
  }
  ::signal(number, SIG_DFL);  // it comes again
}

void MappedFile::watch_faults() {
  static std::once_flag once;
  std::call_once(once, [] {
    page_size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    struct sigaction action {};
    action.sa_sigaction = fill_with_zeros;
    action.sa_flags = SA_SIGINFO;
    ::sigaction(SIGBUS, &action, nullptr);
  });
}

MappedFile::Slot* MappedFile::take_slot() {
  const std::lock_guard lock(slots_mutex);
  for (Slot* slot = slots_; slot != nullptr; slot = slot->next) {
    if (!std::exchange(slot->is_taken, true)) return slot;
  }
  auto* slot = new Slot;
  slot->next = slots_;
  slots_ = slot;
  return slot;
}

MappedFile::MappedFile(FdRef file, std::size_t size, const std::string& name) {
  watch_faults();
  void* const address = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.get(), 0);
  if (address == MAP_FAILED) return;
  data_ = static_cast<char*>(address);
  size_ = size;
  slot_ = take_slot();
  slot_->fd = file.get();
  slot_->name = name;
  slot_->size = size;
  slot_->begin = data_;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      slot_(std::exchange(other.slot_, nullptr)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(slot_, other.slot_);
  return *this;
}

void MappedFile::unmap() noexcept {
  if (data_ == nullptr) return;
  slot_->begin = nullptr;
  ::munmap(data_, size_);
  const Slot* mine = slot_;
  damaged_.compare_exchange_strong(mine, nullptr);
  const std::lock_guard lock(slots_mutex);
  slot_->is_taken = false;
}

void MappedFile::check_size() const {
  check();
  if (slot_ != nullptr && slot_->is_shorter()) slot_->fail();
}

void MappedFile::fail() {
  if (const Slot* slot = damaged_) slot->fail();
  throw base::SystemError("read", "mapped file", EIO);
}

}  // namespace mrf::io
