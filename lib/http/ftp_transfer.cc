// SPDX-License-Identifier: MIT
#include "http/ftp_transfer.h"

#include <sys/socket.h>
#include <unistd.h>

#include <new>
#include <utility>

namespace mrf::http {

void OpenSockets::watch(CURL* easy) {
  set_curl(easy, CURLOPT_OPENSOCKETFUNCTION, &OpenSockets::open);
  set_curl(easy, CURLOPT_OPENSOCKETDATA, this);
  set_curl(easy, CURLOPT_CLOSESOCKETFUNCTION, &OpenSockets::close);
  set_curl(easy, CURLOPT_CLOSESOCKETDATA, this);
}

void OpenSockets::shut_down() {
  const std::lock_guard lock(mutex_);
  is_shut_down_ = true;
  for (const curl_socket_t socket : sockets_) (void)::shutdown(socket, SHUT_RDWR);  // it may be no more
}

curl_socket_t OpenSockets::open(void* self, curlsocktype /*purpose*/, curl_sockaddr* address) {
  auto& all = *static_cast<OpenSockets*>(self);
  const std::lock_guard lock(all.mutex_);
  if (all.is_shut_down_) return CURL_SOCKET_BAD;
  const int socket = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (socket < 0) return CURL_SOCKET_BAD;
  try {
    all.sockets_.insert(socket);
  } catch (const std::bad_alloc&) {
    ::close(socket);
    return CURL_SOCKET_BAD;
  }
  return socket;
}

int OpenSockets::close(void* self, curl_socket_t socket) {
  auto& all = *static_cast<OpenSockets*>(self);
  const std::lock_guard lock(all.mutex_);
  all.sockets_.erase(socket);
  return ::close(socket);
}

FtpTransfer::FtpTransfer(const NetworkOptions& options, const Request& request, Receiver& receiver,
                         const Idle& idle, SocketSet& sockets, FtpSession session)
    : origin_(request.url.origin()),
      thread_(receiver, options.receive_buffer, [&sockets] { sockets.wake(); }),
      session_(std::move(session)),
      transfer_(options, request, thread_.inlet(), idle) {
  if (!session_.multi) throw std::bad_alloc();
  session_.sockets->watch(transfer_.easy());
  thread_.start([this] { run(); });
}

// libcurl does not always tell of the sockets of FTP (7.88), so it is let look at them after a moment.
void FtpTransfer::run() {
  constexpr int longest_unseen_ms = 100;
  CURLM* multi = session_.multi.get();
  check_curl(::curl_multi_add_handle(multi, transfer_.easy()));
  auto code = CURLE_ABORTED_BY_CALLBACK;
  for (int running = 1; !thread_.is_stopped();) {
    check_curl(::curl_multi_perform(multi, &running));
    if (running == 0) {
      int queued = 0;
      const CURLMsg* message = ::curl_multi_info_read(multi, &queued);
      if (message != nullptr) code = message->data.result;
      break;
    }
    check_curl(::curl_multi_poll(multi, nullptr, 0, longest_unseen_ms, nullptr));
  }
  check_curl(::curl_multi_remove_handle(multi, transfer_.easy()));
  transfer_.finish(code);
}

FtpTransfer::~FtpTransfer() {
  stop();
  thread_.join();
}

void FtpTransfer::stop() {
  thread_.stop();
  if (session_.sockets) session_.sockets->shut_down();
}

bool FtpTransfer::rests() {
  if (thread_.rests()) transfer_.on_sign_of_life();
  return thread_.rests();
}

FtpSession FtpTransfer::release() {
  thread_.join();
  return std::move(session_);
}

}  // namespace mrf::http
