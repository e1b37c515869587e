// SPDX-License-Identifier: MIT
#include "collect/sink.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "codec/bgzf.h"
#include "codec/pipeline.h"
#include "io/io.h"

namespace mrf::collect {

namespace {

void write_pieces(const SinkFile& file, std::span<iovec> pieces) {
  const io::WaitTimer timer(file.meter);
  while (!pieces.empty()) {
    const ssize_t n = ::writev(file.fd.get(), pieces.data(), static_cast<int>(pieces.size()));
    if (n < 0) {
      if (errno == EINTR) continue;
      if (errno == EPIPE && file.name == io::stdout_name) throw base::ClosedOutput(file.name);
      throw base::SystemError("write", file.name);
    }
    auto written = static_cast<std::size_t>(n);
    file.meter.bytes += written;
    while (!pieces.empty() && written >= pieces.front().iov_len) {
      written -= pieces.front().iov_len;
      pieces = pieces.subspan(1);
    }
    if (written == 0) continue;
    pieces.front().iov_base = static_cast<char*>(pieces.front().iov_base) + written;
    pieces.front().iov_len -= written;
  }
}

class PlainSink : public Sink {
 public:
  explicit PlainSink(SinkFile file) : file_(std::move(file)) {}
  void write(std::span<iovec> pieces) override { write_pieces(file_, pieces); }
  void finish() override {}

 private:
  const SinkFile file_;
};

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
  BgzfSink(SinkFile file, int level, unsigned threads)
      : file_(std::move(file)),
        pool_(threads, {{[level](BgzfJob& job) { deflate(job, level); }, false},
                        {[this](BgzfJob& job) {
                           write_packed({job.packed.get(), job.packed_size});
                         },
                         true}}) {}

  void write(std::span<iovec> pieces) override {
    for (const iovec& piece : pieces) add({static_cast<const char*>(piece.iov_base), piece.iov_len});
  }

  void finish() override {
    if (job_ != nullptr && job_->plain_size > 0) submit();
    pool_.finish();
    write_packed(codec::bgzf_eof);
  }

 private:
  void add(std::string_view bytes) {
    while (!bytes.empty()) {
      if (job_ == nullptr) {
        job_ = &pool_.next();
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
    pool_.submit();
  }

  void write_packed(std::string_view packed) const {
    iovec piece{const_cast<char*>(packed.data()), packed.size()};
    write_pieces(file_, {&piece, 1});
  }

  const SinkFile file_;
  codec::Pipeline<BgzfJob> pool_;
  BgzfJob* job_ = nullptr;
};

}  // namespace

std::unique_ptr<Sink> make_plain_sink(SinkFile file) { return std::make_unique<PlainSink>(std::move(file)); }

std::unique_ptr<Sink> make_bgzf_sink(SinkFile file, int level, unsigned threads) {
  return std::make_unique<BgzfSink>(std::move(file), level, threads);
}

}  // namespace mrf::collect
