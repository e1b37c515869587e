// SPDX-License-Identifier: MIT
#include "bam/input.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <optional>

#include "bam/format.h"
#include "base/error.h"
#include "io/fd.h"
#include "io/reader.h"
#include "sam/remote.h"

namespace mrf::bam {

namespace {

constexpr std::size_t detection_step = std::size_t{64} << 10;

bool is_regular(io::FdRef fd) {
  struct stat info {};
  return ::fstat(fd.get(), &info) == 0 && S_ISREG(info.st_mode);
}

}  // namespace

Input::Input(const std::string& path, io::Meter& meter, bool is_text_sam)
    : path_(path), name_(sam::shown_path(path)), meter_(&meter) {
  if (sam::is_url(path)) {
    remote_.reset(hopen(path.c_str(), "r"));
    if (!remote_) fail("open");
  } else {
    io::InputFile opened = io::open_input(path);
    name_ = opened.name;
    can_seek_ = opened.size >= 0;
    is_regular_ = is_regular(opened.fd);
    fd_ = std::move(opened.fd);
    if (!is_regular_) stop_ = io::Fd(io::AdoptFd{}, ::eventfd(0, EFD_CLOEXEC));
    if (!is_regular_ && !stop_.is_open()) throw base::SystemError("open", name_);
  }
  detect(is_text_sam);
}

void Input::fail(std::string_view verb) const {
  if (errno == ENOMEM) throw std::bad_alloc();
  if (sam::is_url(path_)) sam::throw_remote_error(verb, name_);
  throw base::SystemError(verb, name_);
}

// Waits for bytes or for the end of all interest in them.
void Input::wait() const {
  if (!stop_.is_open()) return;
  std::array<pollfd, 2> polled{{{fd_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}}};
  while (::poll(polled.data(), polled.size(), -1) < 0) {
    if (errno != EINTR) throw base::SystemError("read", name_);
  }
  if (polled[0].revents == 0) throw ReadingStopped();
}

void Input::stop() const noexcept {
  const std::uint64_t one = 1;
  if (stop_.is_open()) (void)!::write(stop_.get(), &one, sizeof one);
}

bool Input::is_ready() const {
  if (given_ < first_.size() || is_regular_) return true;
  if (remote_) return false;
  pollfd polled{fd_.get(), POLLIN, 0};
  return ::poll(&polled, 1, 0) > 0;
}

std::size_t Input::read(sam::Buffer& to, std::size_t n) {
  if (given_ < first_.size()) {
    const std::string_view part = first_.view().substr(given_, n);
    to.append(part);
    given_ += part.size();
    if (given_ == first_.size()) {
      first_ = sam::Buffer();
      given_ = 0;
    }
    return part.size();
  }
  if (!remote_) {
    wait();
    const std::size_t got = io::read_some(fd_, name_, {to.room(n), n}, *meter_);
    to.add(got);
    return got;
  }
  const io::WaitTimer timer(*meter_);
  errno = 0;
  const ssize_t got = hread(remote_.get(), to.room(n), n);
  if (got < 0) fail("read");
  to.add(static_cast<std::size_t>(got));
  meter_->bytes += static_cast<std::uint64_t>(got);
  return static_cast<std::size_t>(got);
}

// The bytes are read to be read again, so they are counted here and not then.
bool Input::read_more() {
  sam::Buffer seen;
  std::swap(seen, first_);
  const std::size_t got = read(seen, detection_step);
  std::swap(seen, first_);
  return got > 0;
}

void Input::detect(bool is_text_sam) {
  if (!read_more()) throw base::DataError("read", name_, "the input is empty");
  std::optional<FoundFormat> found;
  for (bool ended = false; !(found = find_format(first_.view(), ended, is_text_sam)).has_value();) {
    ended = !read_more();
  }
  if (!found->refusal.empty()) throw base::DataError("read", name_, found->refusal);
  format_ = found->format;
  packing_ = found->packing;
}

sam::HfilePtr Input::release() {
  first_ = sam::Buffer();
  given_ = 0;
  if (remote_) {
    if (hseek(remote_.get(), 0, SEEK_SET) < 0) fail("read");
    return std::move(remote_);
  }
  if (::lseek(fd_.get(), 0, SEEK_SET) < 0) throw base::SystemError("read", name_);
  sam::HfilePtr file(hdopen(fd_.get(), "r"));
  if (!file) throw std::bad_alloc();
  (void)fd_.release();
  return file;
}

}  // namespace mrf::bam
