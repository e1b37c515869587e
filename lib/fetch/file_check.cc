// SPDX-License-Identifier: MIT
#include "fetch/file_check.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "base/error.h"
#include "fetch/integrity.h"
#include "fetch/multipart.h"
#include "fetch/part_size_search.h"
#include "io/fd.h"
#include "io/signals.h"

namespace mrf::fetch {

namespace {

class OpenFile final : public ByteAccess {
 public:
  explicit OpenFile(const std::string& path) : path_(path), fd_(io::open_file(path, O_RDONLY)) {}

  std::uint64_t size() const {
    struct stat info {};
    if (::fstat(fd_.get(), &info) != 0) throw base::SystemError("read", path_);
    return static_cast<std::uint64_t>(info.st_size);
  }

  std::string_view view(std::uint64_t at, std::span<char> scratch) override {
    for (;;) {
      const ssize_t n = ::pread(fd_.get(), scratch.data(), scratch.size(), static_cast<off_t>(at));
      if (n > 0) return {scratch.data(), static_cast<std::size_t>(n)};
      if (n == 0) throw base::Error(base::Status::failure, "read", path_, "the file became shorter");
      if (errno != EINTR) throw base::SystemError("read", path_);
    }
  }

 private:
  const std::string& path_;
  io::Fd fd_;
};

// The likeliest part size by itself, since it nearly always is the one; then all the others together.
std::string multipart_fault(OpenFile& file, std::uint64_t size, const Expectation& expectation,
                            std::uint64_t s3_part_size) {
  std::vector<std::uint64_t> sizes{s3_part_size};
  if (s3_part_size == 0) sizes = part_size_candidates(size, expectation.parts);
  if (fits_part_size(file, size, expectation, {sizes.front()})) return "";
  sizes.erase(sizes.begin());
  if (!sizes.empty() && fits_part_size(file, size, expectation, sizes)) return "";
  return no_part_size_fits(expectation, s3_part_size);
}

}  // namespace

std::string fault_of_file(const std::string& path, const Expectation& expectation,
                          std::uint64_t s3_part_size) {
  OpenFile file(path);
  const std::uint64_t size = file.size();
  if (expectation.kind == Expectation::Kind::multipart) {
    if (auto fault = part_count_fault(size, expectation.parts, s3_part_size); !fault.empty()) return fault;
    return multipart_fault(file, size, expectation, s3_part_size);
  }
  Integrity integrity(expectation, size, s3_part_size, 0, {file, true, [] {}});
  Coverage coverage(integrity.combine());
  if (integrity.combine() == nullptr) {
    coverage.add(0, size);
    integrity.advance(size);
  } else {
    std::vector<char> buffer(1 << 20);
    for (std::uint64_t at = 0; at < size;) {
      io::throw_if_interrupted();
      const auto bytes =
          file.view(at, std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), size - at)));
      coverage.add(at, at + bytes.size(), integrity.crc_of(bytes));
      at += bytes.size();
    }
  }
  return integrity.fault(coverage);
}

}  // namespace mrf::fetch
