// SPDX-License-Identifier: MIT
#include "collect/output.h"

#include <limits.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "codec/bgzf_writer.h"
#include "io/fd.h"
#include "io/move_bytes.h"

namespace mrf::collect {

namespace {

class PlainSink : public Sink {
 public:
  PlainSink(io::FdRef fd, std::string name, io::Meter& meter)
      : fd_(fd), name_(std::move(name)), meter_(meter) {}

  void write(std::span<iovec> pieces) override;

 private:
  const io::FdRef fd_;
  const std::string name_;
  io::Meter& meter_;
};

void PlainSink::write(std::span<iovec> pieces) {
  const io::WaitTimer timer(meter_);
  while (!pieces.empty()) {
    const ssize_t n = ::writev(fd_.get(), pieces.data(), static_cast<int>(pieces.size()));
    if (n < 0) {
      if (errno == EPIPE) throw base::ClosedOutput(name_);
      if (errno != EINTR && errno != EAGAIN) throw base::SystemError("write", name_);
      if (errno == EAGAIN) io::wait_until_ready(fd_, POLLOUT);
      continue;
    }
    auto written = static_cast<std::size_t>(n);
    meter_.bytes += written;
    while (!pieces.empty() && written >= pieces.front().iov_len) {
      written -= pieces.front().iov_len;
      pieces = pieces.subspan(1);
    }
    if (written == 0) continue;
    pieces.front().iov_base = static_cast<char*>(pieces.front().iov_base) + written;
    pieces.front().iov_len -= written;
  }
}

constexpr std::size_t batch_bytes = std::size_t{256} << 10;
constexpr std::size_t batch_pieces = IOV_MAX;
constexpr std::size_t job_bytes = 4 * codec::bgzf_payload;

class BgzfSink : public Sink {
 public:
  BgzfSink(PlainSink file, int level, unsigned threads)
      : file_(std::move(file)),
        writer_(1, job_bytes, level, threads,
                [this](const codec::BgzfWriter::Block& packed) { write_packed(packed.view()); }) {}

  void write(std::span<iovec> pieces) override {
    for (const iovec& piece : pieces)
      writer_.write(0, {static_cast<const char*>(piece.iov_base), piece.iov_len});
  }

  void finish() override {
    writer_.close(0);
    writer_.finish();
    write_packed(codec::bgzf_eof);
  }

 private:
  void write_packed(std::string_view packed) {
    iovec piece{const_cast<char*>(packed.data()), packed.size()};
    file_.write({&piece, 1});
  }

  PlainSink file_;
  codec::BgzfWriter writer_;
};

}  // namespace

std::unique_ptr<Sink> make_plain_sink(io::FdRef fd, std::string name, io::Meter& meter) {
  return std::make_unique<PlainSink>(fd, std::move(name), meter);
}

std::unique_ptr<Sink> make_bgzf_sink(io::FdRef fd, std::string name, io::Meter& meter, int level,
                                     unsigned threads) {
  return std::make_unique<BgzfSink>(PlainSink(fd, std::move(name), meter), level, threads);
}

BatchedOutput::BatchedOutput(Sink& sink, io::BlockPool& pool)
    : sink_(sink), pool_(pool), copies_(pool.get(copy_limit)) {
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

void BatchedOutput::add(const io::BlockRef& block, std::string_view bytes) {
  if (pending_ >= batch_bytes || pieces_.size() == batch_pieces) flush();
  if (bytes.empty()) return;
  pieces_.push_back({const_cast<char*>(bytes.data()), bytes.size()});
  blocks_.push_back(block);
  pending_ += bytes.size();
}

void BatchedOutput::flush() {
  if (pending_ == 0) return;
  sink_.write(pieces_);
  pieces_.clear();
  blocks_.clear();
  pending_ = 0;
}

}  // namespace mrf::collect
