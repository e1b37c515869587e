// SPDX-License-Identifier: MIT
#include "bam/cram_outlet.h"

#include <unistd.h>

#include <new>

#include "sys/error.h"
#include "sys/io.h"

namespace mrf::bam {

namespace {

constexpr std::size_t piece = std::size_t{64} << 10;

}  // namespace

CramOutlet::CramOutlet(Output& to) : out_(duplicate(to.fd())), name_(to.name()), bytes_(piece) {
  auto [reader, writer] = make_pipe();
  enlarge_pipe(writer, piece);
  reader_ = std::move(reader);
  writer_.reset(hdopen(writer.get(), "w"));
  if (!writer_) throw std::bad_alloc();
  (void)writer.release();
  thread_ = std::thread([this] { run(); });
}

CramOutlet::~CramOutlet() {
  writer_.reset();
  if (thread_.joinable()) thread_.join();
}

// What cannot be written is read all the same: htslib does not survive a pipe that is closed.
void CramOutlet::run() {
  try {
    copy();
  } catch (const Error&) {
    failure_ = std::current_exception();
    failed_ = true;
  }
  while (::read(reader_.get(), bytes_.data(), bytes_.size()) > 0) {
  }
  reader_.reset();
}

void CramOutlet::copy() {
  Meter unused;
  while (const std::size_t n = read_some(reader_, name_, bytes_, unused)) {
    if (failed_) return;
    write_all(out_, name_, {bytes_.data(), n}, meter_);
  }
}

void CramOutlet::finish(Output& to) {
  thread_.join();
  to.meter().bytes += meter_.bytes;
  to.meter().waited += meter_.waited;
  if (failure_) std::rethrow_exception(failure_);
}

}  // namespace mrf::bam
