// SPDX-License-Identifier: MIT
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "io/stats.h"

namespace mrf::io {

/// A file descriptor that somebody else owns and closes.
class FdRef {
 public:
  explicit constexpr FdRef(int fd) noexcept : fd_(fd) {}
  constexpr int get() const noexcept { return fd_; }

 private:
  int fd_;
};

struct AdoptFd {};
/// Says that a raw descriptor becomes the property of an Fd.
inline constexpr AdoptFd adopt_fd{};

/// A file descriptor that is closed by its destructor. Outputs call close() and look at the result.
class Fd {
 public:
  constexpr Fd() noexcept = default;
  constexpr Fd(AdoptFd, int fd) noexcept : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  bool is_open() const noexcept { return fd_ >= 0; }
  int get() const noexcept { return fd_; }
  operator FdRef() const noexcept { return FdRef(fd_); }
  /// Closes and forgets errors: for descriptors that were only read.
  void reset() noexcept;
  /// Closes and returns errno, 0 when the close succeeded (close(2): a failed close loses data).
  int close() noexcept;
  /// Gives the descriptor away.
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

struct Pipe {
  Fd read_end;
  Fd write_end;
};

/// Opens what is closed of the standard descriptors such that using it fails with EBADF, as if it were
/// closed, and opening it by name with an error: no file that is opened later can be taken for it.
void occupy_standard_descriptors() noexcept;
/// Whether it has opened this one, or the descriptor is not open at all.
bool was_closed(FdRef fd) noexcept;

/// pipe2(2) with O_CLOEXEC. Throws SystemError.
Pipe make_pipe();

/// open(2) with O_CLOEXEC, interrupted calls repeated. `flags` as there. Throws SystemError "cannot open".
Fd open_file(const std::string& path, int flags, unsigned mode = 0666);

/// A second descriptor of the same open file (fcntl(2) F_DUPFD_CLOEXEC). Throws SystemError.
Fd duplicate(FdRef fd);
/// That of standard input. Throws SystemError "cannot read" too, when occupy_standard_descriptors() found it
/// closed.
Fd duplicate_standard_input();

/// What every process may ask for, in bytes, where /proc/sys/fs/pipe-max-size is as the kernel sets it
/// (pipe(7)).
inline constexpr size_t most_pipe_bytes = size_t{1} << 20;

/// Asks for a pipe capacity in bytes (F_SETPIPE_SZ, fcntl(2)); a refusal is no error.
void ask_pipe_size(FdRef pipe, size_t bytes) noexcept;

/// The same, but a pipe that is as large already stays as it is, and so do all pipes in a run of mrf-run
/// (known by its MRF_STATS_PREFIX), which alone decides how large they are.
void enlarge_pipe(FdRef pipe, size_t bytes) noexcept;

/// Whether bytes are in a pipe, which has a write end open here, that nobody has read yet. Throws SystemError
/// "cannot write" with EPIPE when nobody is left who could.
bool is_unread(FdRef pipe, const std::string& name);

/// Raises the soft limit of open files to the hard one (setrlimit(2)); a refusal is no error.
void raise_open_file_limit() noexcept;
/// What raise_open_file_limit() found, for a child to start a command with; empty when it changed nothing.
std::optional<rlimit> given_open_file_limit() noexcept;

/// The display name of standard input and output in messages.
inline constexpr std::string_view stdin_name = "standard input";
inline constexpr std::string_view stdout_name = "standard output";

/// One read(2), EINTR repeated. Returns the bytes read, 0 at the end. Throws SystemError "cannot read".
std::size_t read_some(FdRef fd, const std::string& name, std::span<char> to, Meter& meter);

/// read_some() until `to` is full or the input ends.
std::size_t read_full(FdRef fd, const std::string& name, std::span<char> to, Meter& meter);

/// Writes all of `from` to a blocking descriptor, EINTR and short writes repeated. Throws ClosedOutput
/// when the reader is gone (SIGPIPE is ignored by every program), else SystemError "cannot write".
void write_all(FdRef fd, const std::string& name, std::string_view from, Meter& meter);

/// The same to byte `at` of a file, with pwrite(2). Throws SystemError "cannot write".
void write_all_at(FdRef fd, const std::string& name, std::string_view from, std::uint64_t at);

}  // namespace mrf::io
