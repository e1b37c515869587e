// SPDX-License-Identifier: MIT
#include "bam/cram_watch.h"

#include <new>
#include <utility>
#include <vector>

#include "io/fd.h"

namespace mrf::bam {

namespace {

constexpr std::size_t watch_step = std::size_t{64} << 10;
constexpr std::size_t tail_size = 64;

HfilePtr opened(Fd fd, const char* mode) {
  HfilePtr file(hdopen(fd.get(), mode));
  if (!file) throw std::bad_alloc();
  (void)fd.release();
  return file;
}

}  // namespace

CramWatch::CramWatch(HfilePtr from) : from_(std::move(from)) {
  auto [reader, writer] = make_pipe();
  enlarge_pipe(writer, most_pipe_bytes);
  reader_ = opened(std::move(reader), "r");
  writer_ = opened(std::move(writer), "w");
  thread_ = std::thread([this] { run(); });
}

CramWatch::~CramWatch() {
  reader_.reset();
  if (thread_.joinable()) thread_.join();
}

void CramWatch::run() {
  try {
    copy();
  } catch (const std::bad_alloc&) {
    failed_ = true;
  }
  if (hclose(writer_.release()) != 0) failed_ = true;
}

void CramWatch::copy() {
  std::vector<char> bytes(watch_step);
  ssize_t n = 0;
  while ((n = hread(from_.get(), bytes.data(), bytes.size())) > 0) {
    const auto size = static_cast<std::size_t>(n);
    containers_.add({bytes.data(), size});
    tail_.append(bytes.data(), size);
    if (tail_.size() > tail_size) tail_.erase(0, tail_.size() - tail_size);
    if (hwrite(writer_.get(), bytes.data(), size) != n) break;
  }
  failed_ = n != 0;
}

bool CramWatch::ended_with(std::string_view bytes) {
  if (thread_.joinable()) thread_.join();
  return !failed_ && tail_.ends_with(bytes);
}

bool CramWatch::has_records(std::uint64_t count) {
  if (thread_.joinable()) thread_.join();
  return containers_.has_records(count);
}

}  // namespace mrf::bam
