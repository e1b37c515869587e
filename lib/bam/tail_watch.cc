// SPDX-License-Identifier: MIT
#include "bam/tail_watch.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <vector>

#include "sys/error.h"

namespace mrf::bam {

namespace {

constexpr std::size_t step = std::size_t{64} << 10;
constexpr std::size_t tail_size = 64;

}  // namespace

TailWatch::TailWatch(HfilePtr from, std::string name) : from_(std::move(from)), name_(std::move(name)) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw SystemError("read", name_);
  reader_.reset(hdopen(ends[0], "r"));
  writer_.reset(hdopen(ends[1], "w"));
  if (!reader_ || !writer_) throw SystemError("read", name_);
  thread_ = std::thread([this] { run(); });
}

TailWatch::~TailWatch() {
  reader_.reset();
  if (thread_.joinable()) thread_.join();
}

void TailWatch::run() {
  std::vector<char> bytes(step);
  ssize_t n = 0;
  while ((n = hread(from_.get(), bytes.data(), bytes.size())) > 0) {
    const auto size = static_cast<std::size_t>(n);
    tail_.append(bytes.data(), size);
    if (tail_.size() > tail_size) tail_.erase(0, tail_.size() - tail_size);
    if (hwrite(writer_.get(), bytes.data(), size) != n) break;
  }
  failed_ = n != 0;
  if (hclose(writer_.release()) != 0) failed_ = true;
}

bool TailWatch::ended_with(std::string_view bytes) {
  if (thread_.joinable()) thread_.join();
  return !failed_ && tail_.ends_with(bytes);
}

}  // namespace mrf::bam
