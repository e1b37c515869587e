// SPDX-License-Identifier: MIT
#include "sam/hts.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include "base/error.h"
#include "base/processors.h"
#include "base/redact.h"
#include "io/fd.h"

namespace mrf::sam {

RecordPtr make_record() {
  RecordPtr record(bam_init1());
  if (!record) throw std::bad_alloc();
  return record;
}

namespace {

// A file in memory counts for RLIMIT_FSIZE, so there may be none.
HfilePtr open_memory_file(std::string_view bytes) {
  constexpr const char* object = "memory for a header";
  io::Fd file(io::adopt_fd, ::memfd_create("header", MFD_CLOEXEC));
  if (!file.is_open()) return nullptr;
  try {
    io::Meter written;
    io::write_all(file, object, bytes, written);
  } catch (const base::Error&) {
    return nullptr;
  }
  if (::lseek(file.get(), 0, SEEK_SET) != 0) return nullptr;
  HfilePtr memory(hdopen(file.get(), "r"));
  if (memory) (void)file.release();
  return memory;
}

}  // namespace

// htslib has files in memory itself, as a kind of URL: at the first URL it loads the plugins for all kinds,
// with libraries that take more time than a small input.
HfilePtr open_memory(std::string_view bytes) {
  if (HfilePtr file = open_memory_file(bytes)) return file;
  struct Free {
    void operator()(char* data) const { std::free(data); }
  };
  std::unique_ptr<char, Free> copy(static_cast<char*>(std::malloc(bytes.size())));
  if (!copy) throw std::bad_alloc();
  std::memcpy(copy.get(), bytes.data(), bytes.size());
  // The memory file owns the copy, which the analyzer cannot see. NOLINTNEXTLINE(clang-analyzer-unix.Malloc)
  HfilePtr memory(hopen("mem:", "r:", copy.release(), bytes.size()));
  if (!memory) throw std::bad_alloc();
  return memory;
}

void ThreadPool::start(htsFile& file, unsigned threads) {
  for (unsigned n = base::usable_threads(threads); n > 0 && !pool_; n /= 2) {
    pool_.reset(hts_tpool_init(static_cast<int>(n)));
    if (!pool_) continue;
    htsThreadPool pool{pool_.get(), static_cast<int>(std::max(n, 4U))};
    hts_set_opt(&file, HTS_OPT_THREAD_POOL, &pool);
  }
}

void start_threads(htsFile& file, unsigned threads) {
  for (unsigned n = base::usable_threads(threads); n > 0; n /= 2) {
    if (hts_set_threads(&file, static_cast<int>(n)) == 0) return;
  }
}

void silence_htslib() { hts_set_log_level(HTS_LOG_OFF); }

std::string hts_library() { return std::string("htslib ") + hts_version(); }

std::string cram_fault_of_version(std::string_view version) {
  constexpr unsigned first_good = 16;  // of 1.N
  const auto dot = version.find('.');
  unsigned major = 0;
  unsigned minor = 0;
  std::from_chars(version.data(), version.data() + std::min(dot, version.size()), major);
  if (dot != version.npos) std::from_chars(version.data() + dot + 1, version.data() + version.size(), minor);
  if (major > 1 || (major == 1 && minor >= first_good)) return "";
  return fmt::format("CRAM needs htslib 1.{} or later, and this is htslib {}", first_good, version);
}

void require_htslib_for_cram(std::string_view verb, std::string_view name) {
  const std::string fault = cram_fault_of_version(hts_version());
  if (!fault.empty()) throw base::Error(base::Status::failure, verb, name, fault);
}

std::string shown_path(std::string_view path) {
  if (!base::is_url(path)) return std::string(path);
  const std::string shown = base::redact_url(path);
  return shown.substr(0, shown.find('?'));
}

// The numbers are those that htslib makes of HTTP statuses and of what libcurl says (hfile_libcurl.c).
void throw_remote_error(std::string_view verb, const std::string& name) {
  switch (errno) {
    case ENOENT:
      throw base::Error(base::Status::refused, verb, name, "the server has no such file");
    case EPERM:
    case EACCES:
      throw base::Error(base::Status::refused, verb, name, "the server denies access");
    case EINVAL:
    case EROFS:
      throw base::Error(base::Status::refused, verb, name, "the server refuses the request");
    case EPIPE:
    case ECONNRESET:
      throw base::Error(base::Status::unavailable, verb, name,
                        "the connection ended before the whole file came; getm-fetch asks for the rest of "
                        "one: getm-fetch URL - | mrf-bamread -");
    default:
      throw base::Error(base::Status::unavailable, verb, name,
                        "the server cannot be reached or does not answer");
  }
}

}  // namespace mrf::sam
