// SPDX-License-Identifier: MIT
#include "io/io.h"

#include <unistd.h>

#include <cerrno>

#include "base/error.h"

namespace mrf::io {

std::size_t read_some(FdRef fd, const std::string& name, std::span<char> to, Meter& meter) {
  const WaitTimer timer(meter);
  for (;;) {
    const ssize_t n = ::read(fd.get(), to.data(), to.size());
    if (n >= 0) {
      meter.bytes += static_cast<std::uint64_t>(n);
      return static_cast<std::size_t>(n);
    }
    if (errno != EINTR) throw base::SystemError("read", name);
  }
}

std::size_t read_full(FdRef fd, const std::string& name, std::span<char> to, Meter& meter) {
  std::size_t done = 0;
  while (done < to.size()) {
    const std::size_t n = read_some(fd, name, to.subspan(done), meter);
    if (n == 0) break;
    done += n;
  }
  return done;
}

void write_all(FdRef fd, const std::string& name, std::string_view from, Meter& meter) {
  const WaitTimer timer(meter);
  while (!from.empty()) {
    const ssize_t n = ::write(fd.get(), from.data(), from.size());
    if (n < 0) {
      if (errno == EINTR) continue;
      if (errno == EPIPE) throw base::ClosedOutput(name);
      throw base::SystemError("write", name);
    }
    meter.bytes += static_cast<std::uint64_t>(n);
    from.remove_prefix(static_cast<std::size_t>(n));
  }
}

}  // namespace mrf::io
