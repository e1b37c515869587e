// SPDX-License-Identifier: MIT
#include "fetch/verify_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>

#include "base/error.h"
#include "fetch/integrity.h"
#include "fetch/stoppable_pipe.h"
#include "io/fd.h"
#include "io/signals.h"

namespace mrf::fetch {

namespace {

constexpr std::uint64_t most_read_at_once = 256 << 10;

// Reads all of it, whatever its size was when it was opened. Returns the bytes read.
template <typename Take>
std::uint64_t read_through(const io::Fd& fd, const std::string& path, std::uint64_t size,
                           const std::function<bool()>& is_stopped, Take take) {
  // One byte more shows the end of a small file in the same read(2).
  const auto room = static_cast<std::size_t>(std::min(size + 1, most_read_at_once));
  const auto buffer = std::make_unique_for_overwrite<char[]>(room);
  std::uint64_t total = 0;
  for (;;) {
    io::throw_if_interrupted();
    if (is_stopped && is_stopped()) throw Stopped();
    const ssize_t n = ::read(fd.get(), buffer.get(), room);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw base::SystemError("read", path);
    total += static_cast<std::uint64_t>(n);
    if (n > 0) take(std::string_view(buffer.get(), static_cast<std::size_t>(n)));
    if (n == 0 || (total == size && static_cast<std::size_t>(n) < room)) return total;
  }
}

}  // namespace

FileFacts verify_file(const std::string& path, const FileClaim& claim, std::optional<DigestKind> record,
                      const std::function<bool()>& is_stopped) {
  const io::Fd fd = io::open_file(path, O_RDONLY);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) throw base::SystemError("read", path);
  FileFacts facts{static_cast<std::uint64_t>(info.st_size), "", ""};
  if (claim.size && *claim.size != facts.bytes) {
    facts.fault = size_fault(*claim.size, facts.bytes);
    return facts;
  }
  const auto kind = claim.expectation ? digest_of_expectation(*claim.expectation) : std::nullopt;
  if (claim.expectation && !kind) {
    facts.fault = fault_of_file(path, *claim.expectation, claim.s3_part_size, is_stopped);
    if (!facts.fault.empty()) return facts;
  }
  std::optional<Digest> digest;
  std::optional<Digest> recorded;
  if (kind) digest.emplace(*kind);
  if (record && record != kind) recorded.emplace(*record);
  if (!digest && !recorded) return facts;
  facts.bytes = read_through(fd, path, facts.bytes, is_stopped, [&](std::string_view bytes) {
    if (digest) digest->update(bytes);
    if (recorded) recorded->update(bytes);
  });
  const std::string found = digest ? digest->finish() : "";
  if (digest && found != claim.expectation->value) {
    facts.fault = digest_fault(*claim.expectation, found);
    return facts;
  }
  if (record) facts.digest = recorded ? recorded->finish() : found;
  return facts;
}

}  // namespace mrf::fetch
