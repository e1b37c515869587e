// SPDX-License-Identifier: MIT
#include "bam/cram_outlet.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <exception>
#include <new>

#include "base/error.h"
#include "io/fd.h"

namespace mrf::bam {

namespace {

constexpr std::size_t piece = std::size_t{64} << 10;

}  // namespace

CramOutlet::CramOutlet(Output& to)
    : out_(io::duplicate(to.fd())), name_(to.name()), bytes_(piece), stop_(io::make_pipe()) {
  auto [reader, writer] = io::make_pipe();
  io::enlarge_pipe(writer, piece);
  reader_ = std::move(reader);
  writer_.reset(hdopen(writer.get(), "w"));
  if (!writer_) throw std::bad_alloc();
  (void)writer.release();
  thread_ = std::thread([this] { run(); });
}

CramOutlet::~CramOutlet() {
  writer_.reset();
  if (thread_.joinable()) join();
}

// hts_close() leaves its end open when it fails (htslib, cram_close()), and no end of file comes.
void CramOutlet::join() {
  stop_.write_end.reset();
  thread_.join();
}

// False when all that was written has been read.
bool CramOutlet::wait_for_bytes() const {
  std::array<pollfd, 2> polled{{{reader_.get(), POLLIN, 0}, {stop_.read_end.get(), POLLIN, 0}}};
  int ready = -1;
  do {
    ready = ::poll(polled.data(), polled.size(), -1);
  } while (ready < 0 && errno == EINTR);
  return ready < 0 || polled[0].revents != 0;
}

// What cannot be written is read all the same: htslib does not survive a pipe that is closed.
void CramOutlet::run() {
  try {
    copy();
  } catch (const std::exception&) {
    failure_ = std::current_exception();
    failed_ = true;
  }
  while (wait_for_bytes() && ::read(reader_.get(), bytes_.data(), bytes_.size()) > 0) {
  }
}

void CramOutlet::copy() {
  io::Meter unused;
  while (wait_for_bytes()) {
    const std::size_t n = io::read_some(reader_, name_, bytes_, unused);
    if (n == 0 || failed_) return;
    io::write_all(out_, name_, {bytes_.data(), n}, meter_);
  }
}

void CramOutlet::finish(Output& to) {
  join();
  to.meter().bytes += meter_.bytes;
  to.meter().waited += meter_.waited;
  if (failure_) std::rethrow_exception(failure_);
}

}  // namespace mrf::bam
