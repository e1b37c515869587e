// SPDX-License-Identifier: MIT
#include "join/output.h"

#include <limits.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "sys/error.h"

namespace mrf {

namespace {

constexpr std::size_t batch_bytes = std::size_t{256} << 10;
constexpr std::size_t batch_pieces = IOV_MAX;

}  // namespace

BatchedOutput::BatchedOutput(FdRef fd, std::string name, bool is_standard, Meter& meter, BlockPool& pool)
    : fd_(fd),
      name_(std::move(name)),
      is_standard_(is_standard),
      meter_(meter),
      pool_(pool),
      copies_(pool.get(copy_limit)) {
  pieces_.reserve(batch_pieces);
  blocks_.reserve(batch_pieces);
}

void BatchedOutput::new_copies() {
  if (!copies_.is_only()) copies_ = pool_.get(copy_limit);
  filled_ = 0;
}

void BatchedOutput::copy(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t n = std::min(bytes.size(), copy_limit);
    std::memcpy(room(n), bytes.data(), n);
    put(n);
    bytes.remove_prefix(n);
  }
}

void BatchedOutput::add(const BlockRef& block, std::string_view bytes) {
  if (pending_ >= batch_bytes || pieces_.size() == batch_pieces) flush();
  if (bytes.empty()) return;
  pieces_.push_back({const_cast<char*>(bytes.data()), bytes.size()});
  blocks_.push_back(block);
  pending_ += bytes.size();
}

void BatchedOutput::flush() {
  if (pending_ == 0) return;
  write_pieces();
  pieces_.clear();
  blocks_.clear();
  pending_ = 0;
}

void BatchedOutput::write_pieces() {
  const WaitTimer timer(meter_);
  std::size_t first = 0;
  while (first < pieces_.size()) {
    const ssize_t n = ::writev(fd_.get(), &pieces_[first], static_cast<int>(pieces_.size() - first));
    if (n < 0) {
      if (errno == EINTR) continue;
      if (errno == EPIPE && is_standard_) throw ClosedOutput(name_);
      throw SystemError("write", name_);
    }
    auto written = static_cast<std::size_t>(n);
    meter_.bytes += written;
    while (first < pieces_.size() && written >= pieces_[first].iov_len) written -= pieces_[first++].iov_len;
    if (written > 0) {
      pieces_[first].iov_base = static_cast<char*>(pieces_[first].iov_base) + written;
      pieces_[first].iov_len -= written;
    }
  }
}

}  // namespace mrf
