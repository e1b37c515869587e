// SPDX-License-Identifier: MIT
#include "collect/output.h"

#include <limits.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "codec/bgzf.h"
#include "codec/pipeline.h"
#include "io/fd.h"

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
      if (errno == EINTR) continue;
      if (errno == EPIPE && name_ == io::stdout_name) throw base::ClosedOutput(name_);
      throw base::SystemError("write", name_);
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

constexpr std::size_t blocks_a_job = 4;

struct BgzfJob {
  std::unique_ptr<char[]> plain = std::make_unique_for_overwrite<char[]>(blocks_a_job * codec::bgzf_payload);
  std::size_t plain_size = 0;
  std::unique_ptr<char[]> packed =
      std::make_unique_for_overwrite<char[]>(blocks_a_job * codec::bgzf_max_block);
  std::size_t packed_size = 0;
  std::optional<codec::BgzfDeflater> deflater;
};

void deflate(BgzfJob& job, int level) {
  if (!job.deflater) job.deflater.emplace(level);
  job.packed_size = 0;
  std::string_view rest{job.plain.get(), job.plain_size};
  while (!rest.empty()) {
    const std::string_view payload = rest.substr(0, codec::bgzf_payload);
    job.packed_size +=
        job.deflater->block(payload, {job.packed.get() + job.packed_size, codec::bgzf_max_block});
    rest.remove_prefix(payload.size());
  }
}

class BgzfSink : public Sink {
 public:
  BgzfSink(PlainSink file, int level, unsigned threads)
      : file_(std::move(file)),
        pipeline_(threads, {{[level](BgzfJob& job) { deflate(job, level); }, false},
                            {[this](BgzfJob& job) {
                               write_packed({job.packed.get(), job.packed_size});
                             },
                             true}}) {}

  void write(std::span<iovec> pieces) override {
    for (const iovec& piece : pieces) add({static_cast<const char*>(piece.iov_base), piece.iov_len});
  }

  void finish() override {
    if (job_ != nullptr && job_->plain_size > 0) submit();
    pipeline_.finish();
    write_packed(codec::bgzf_eof);
  }

 private:
  void add(std::string_view bytes) {
    while (!bytes.empty()) {
      if (job_ == nullptr) {
        job_ = &pipeline_.next();
        job_->plain_size = 0;
      }
      const std::size_t n = std::min(bytes.size(), blocks_a_job * codec::bgzf_payload - job_->plain_size);
      std::memcpy(job_->plain.get() + job_->plain_size, bytes.data(), n);
      job_->plain_size += n;
      bytes.remove_prefix(n);
      if (job_->plain_size == blocks_a_job * codec::bgzf_payload) submit();
    }
  }

  void submit() {
    job_ = nullptr;
    pipeline_.submit();
  }

  void write_packed(std::string_view packed) {
    iovec piece{const_cast<char*>(packed.data()), packed.size()};
    file_.write({&piece, 1});
  }

  PlainSink file_;
  codec::Pipeline<BgzfJob> pipeline_;
  BgzfJob* job_ = nullptr;
};

constexpr std::size_t batch_bytes = std::size_t{256} << 10;
constexpr std::size_t batch_pieces = IOV_MAX;

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
