// SPDX-License-Identifier: MIT
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "codec/bgzf.h"
#include "io/fd.h"

namespace mrf::shard::test {

inline std::string block(std::string_view content, int level = 6) {
  std::string to(codec::bgzf_max_block, '\0');
  to.resize(codec::BgzfDeflater(level).block(content, to));
  return to;
}

/// BGZF with so many bytes of `content` in each block, after every seventh an empty one, and the end-of-file
/// block.
inline std::string bgzf(std::string_view content, std::size_t size, int level = 6) {
  std::string file;
  for (std::size_t at = 0, number = 1; at < content.size(); at += size, ++number) {
    file += block(content.substr(at, size), level);
    if (number % 7 == 0) file += block("");
  }
  return file + std::string(codec::bgzf_eof);
}

/// BGZF in which every piece has a block of its own.
inline std::string bgzf_of(const std::vector<std::string>& pieces) {
  std::string file;
  for (const auto& piece : pieces) file += block(piece);
  return file + std::string(codec::bgzf_eof);
}

/// A new file of that name: to truncate one on a disk may wait for the disk.
inline void write_file(const std::string& path, std::string_view bytes) {
  ::unlink(path.c_str());
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

/// The same file with other bytes.
inline void write_over(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

/// A file without a name, in memory.
class MemoryFile {
 public:
  io::FdRef fd() const { return fd_; }
  std::string content() const {
    io::Meter meter;
    std::string bytes;
    std::string piece(std::size_t{1} << 16, '\0');
    if (::lseek(fd_.get(), 0, SEEK_SET) < 0) throw base::SystemError("read", "memory");
    while (const std::size_t n = io::read_some(fd_, "memory", piece, meter)) bytes.append(piece, 0, n);
    return bytes;
  }

 private:
  io::Fd fd_{io::adopt_fd, ::memfd_create("records", MFD_CLOEXEC)};
};

}  // namespace mrf::shard::test
