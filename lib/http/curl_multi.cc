// SPDX-License-Identifier: MIT
#include "http/curl_multi.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <utility>

#include "base/error.h"

namespace mrf::http {

void check_curl(CURLMcode code) {
  if (code != CURLM_OK)
    throw base::Error(base::Status::failure, "use", "libcurl", ::curl_multi_strerror(code));
}

namespace {

// More than that would be streams that wait for each other in the server.
constexpr long most_streams = 64;

io::Fd made(int fd) {
  if (fd < 0) throw base::SystemError("watch", "the network");
  return io::Fd(io::adopt_fd, fd);
}

// When an address of a host refuses, libcurl 7.88 turns to the next one only when it is called for this
// transfer again, which else is when half of the time to connect is over: a change of what is paused makes
// that at once.
void call_soon(CURL* easy) {
  if (::curl_easy_pause(easy, CURLPAUSE_ALL) == CURLE_OK) (void)::curl_easy_pause(easy, CURLPAUSE_CONT);
}

}  // namespace

SocketSet::SocketSet()
    : epoll_(made(::epoll_create1(EPOLL_CLOEXEC))), wake_(made(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = wake_data;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) != 0)
    throw base::SystemError("watch", "the network");
}

// It fails only when it is set already.
void SocketSet::wake() {
  const std::uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof one);
}

void SocketSet::clear_wake() {
  std::uint64_t count = 0;
  (void)!::read(wake_.get(), &count, sizeof count);
}

CurlMulti::CurlMulti(SocketSet& sockets, unsigned number, Kind kind)
    : sockets_(sockets), number_(number), multi_(::curl_multi_init()) {
  if (!multi_) throw std::bad_alloc();
  CURLM* multi = multi_.get();
  check_curl(::curl_multi_setopt(multi, CURLMOPT_PIPELINING,
                                 kind == Kind::shared ? CURLPIPE_MULTIPLEX : CURLPIPE_NOTHING));
  check_curl(::curl_multi_setopt(multi, CURLMOPT_MAX_CONCURRENT_STREAMS, most_streams));
  check_curl(::curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &CurlMulti::on_socket));
  check_curl(::curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this));
  check_curl(::curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &CurlMulti::on_timer));
  check_curl(::curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this));
}

// libcurl closes a socket without a word when it has told that it needs no events of it.
int CurlMulti::on_socket(CURL* easy, curl_socket_t socket, int what, void* self, void* /*known*/) {
  auto& multi = *static_cast<CurlMulti*>(self);
  const int epoll = multi.sockets_.fd().get();
  epoll_event event{};
  if ((what & CURL_POLL_IN) != 0) event.events |= EPOLLIN;
  if ((what & CURL_POLL_OUT) != 0) event.events |= EPOLLOUT;
  event.data.u64 = std::uint64_t{multi.number_} << 32 | static_cast<std::uint32_t>(socket);
  if (what == CURL_POLL_REMOVE) {
    (void)::epoll_ctl(epoll, EPOLL_CTL_DEL, socket, &event);
    multi.without_socket_ = easy;
    return 0;
  }
  if (::epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event) == 0) return 0;
  if (errno == EEXIST && ::epoll_ctl(epoll, EPOLL_CTL_MOD, socket, &event) == 0) return 0;
  multi.watch_error_ = errno;
  return -1;
}

int CurlMulti::on_timer(CURLM* /*multi*/, long milliseconds, void* self) {
  auto& multi = *static_cast<CurlMulti*>(self);
  multi.due_.reset();
  if (milliseconds >= 0)
    multi.due_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
  return 0;
}

void CurlMulti::act(curl_socket_t socket, int events) {
  int running = 0;
  without_socket_ = nullptr;
  const CURLMcode code = ::curl_multi_socket_action(multi_.get(), socket, events, &running);
  if ((events & CURL_CSELECT_ERR) != 0 && without_socket_ != nullptr) call_soon(without_socket_);
  if (watch_error_ != 0) throw base::SystemError("watch", "the network", std::exchange(watch_error_, 0));
  check_curl(code);
}

void CurlMulti::on_time() {
  due_.reset();
  act(CURL_SOCKET_TIMEOUT, 0);
}

void CurlMulti::on_event(std::uint64_t data, std::uint32_t events) {
  int mask = 0;
  if ((events & EPOLLIN) != 0) mask |= CURL_CSELECT_IN;
  if ((events & EPOLLOUT) != 0) mask |= CURL_CSELECT_OUT;
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) mask |= CURL_CSELECT_ERR;
  act(static_cast<curl_socket_t>(data & 0xffffffff), mask);
}

std::optional<std::pair<CURL*, CURLcode>> CurlMulti::ended() {
  int queued = 0;
  while (const CURLMsg* message = ::curl_multi_info_read(multi_.get(), &queued)) {
    if (message->msg == CURLMSG_DONE) return std::pair(message->easy_handle, message->data.result);
  }
  return std::nullopt;
}

}  // namespace mrf::http
