// SPDX-License-Identifier: MIT
#include "http/curl_network.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <new>
#include <vector>

#include "base/error.h"
#include "http/curl_transfer.h"
#include "io/fd.h"

namespace mrf::http {

namespace {

constexpr std::chrono::milliseconds resting_poll{5};
constexpr std::chrono::milliseconds queued_poll{20};
// poll(2) alone takes a few microseconds.
constexpr std::chrono::microseconds shortest_wait{50};

struct MultiDeleter {
  void operator()(CURLM* multi) const { ::curl_multi_cleanup(multi); }
};

void init_once() {
  static const CURLcode code = ::curl_global_init(CURL_GLOBAL_ALL);
  if (code != CURLE_OK)
    throw base::Error(base::Status::failure, "start", "libcurl", ::curl_easy_strerror(code));
}

void check(CURLMcode code) {
  if (code != CURLM_OK)
    throw base::Error(base::Status::failure, "use", "libcurl", ::curl_multi_strerror(code));
}

// libcurl would only say that the server's certificate cannot be verified.
void require_certificate(const std::string& path) {
  const io::Fd file = io::open_file(path, O_RDONLY);
  std::string text;
  io::Meter meter;
  char buffer[1 << 16];
  while (const std::size_t n = io::read_some(file, path, buffer, meter)) text.append(buffer, n);
  if (text.find("CERTIFICATE-----") == std::string::npos)
    throw base::Error(base::Status::failure, "use", path, "it holds no certificate in PEM format");
}

class CurlNetwork final : public Network {
 public:
  explicit CurlNetwork(NetworkOptions options) : options_(std::move(options)), multi_(::curl_multi_init()) {
    if (!multi_) throw std::bad_alloc();
    if (!options_.ca_file.empty()) require_certificate(options_.ca_file);
  }
  ~CurlNetwork() override { CurlNetwork::stop_all(); }
  CurlNetwork(const CurlNetwork&) = delete;
  CurlNetwork& operator=(const CurlNetwork&) = delete;

  void start(const Request& request, Receiver& receiver) override {
    if (!try_start(request, receiver)) queue_.push_back({request, &receiver});
  }

  int poll(std::chrono::milliseconds longest) override {
    start_queued();
    if (!queue_.empty()) longest = std::min(longest, queued_poll);
    for (const auto& [easy, transfer] : transfers_) {
      if (transfer->rests()) longest = std::min(longest, resting_poll);
    }
    int running = 0;
    check(::curl_multi_perform(multi_.get(), &running));
    has_waited_ = false;
    if (finish_ended() + end_stalled() == 0 && (running > 0 || !queue_.empty())) wait(longest);
    return static_cast<int>(transfers_.size() + queue_.size());
  }

  bool has_waited() const override { return has_waited_; }

  void stop_all() override {
    for (const auto& [easy, transfer] : transfers_) ::curl_multi_remove_handle(multi_.get(), easy);
    transfers_.clear();
    queue_.clear();
  }

 private:
  struct Queued {
    Request request;
    Receiver* receiver;
  };

  // False when the host has enough to do.
  bool try_start(const Request& request, Receiver& receiver) {
    auto slot = HostSlot::take(request.url.origin(), options_.requests_to_host);
    if (!slot) return false;
    auto transfer = std::make_unique<CurlTransfer>(options_, request, receiver, idle_, std::move(*slot));
    CURL* easy = transfer->easy();
    check(::curl_multi_add_handle(multi_.get(), easy));
    transfers_.emplace(easy, std::move(transfer));
    return true;
  }

  // Those of one host keep their order; one host does not hold up another.
  void start_queued() {
    std::erase_if(queue_,
                  [this](const Queued& queued) { return try_start(queued.request, *queued.receiver); });
  }

  void wait(std::chrono::milliseconds longest) {
    const auto begin = std::chrono::steady_clock::now();
    for (const auto& [easy, transfer] : transfers_) {
      const auto left = options_.stall_timeout - transfer->idle();
      longest = std::min(longest, std::chrono::ceil<std::chrono::milliseconds>(left));
    }
    check(::curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(longest.count()), nullptr));
    const auto time = std::chrono::steady_clock::now() - begin;
    has_waited_ = time > shortest_wait;
    idle_ += time;
  }

  // Only time spent in waiting counts: while the receivers were at work, nothing was looked for. Returns how
  // many transfers have ended.
  int end_stalled() {
    std::vector<std::unique_ptr<CurlTransfer>> stalled;
    for (auto place = transfers_.begin(); place != transfers_.end();) {
      if (place->second->idle() < options_.stall_timeout) {
        ++place;
        continue;
      }
      check(::curl_multi_remove_handle(multi_.get(), place->first));
      stalled.push_back(std::move(place->second));
      place = transfers_.erase(place);
    }
    for (const auto& transfer : stalled)
      transfer->give_up(fmt::format("nothing came for {} s", options_.stall_timeout.count()));
    return static_cast<int>(stalled.size());
  }

  // Returns how many transfers have ended.
  int finish_ended() {
    int ended = 0;
    int queued = 0;
    while (const CURLMsg* message = ::curl_multi_info_read(multi_.get(), &queued)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      const auto place = transfers_.find(message->easy_handle);
      const auto transfer = std::move(place->second);
      transfers_.erase(place);
      check(::curl_multi_remove_handle(multi_.get(), transfer->easy()));
      transfer->finish(code);
      ++ended;
    }
    return ended;
  }

  NetworkOptions options_;
  std::unique_ptr<CURLM, MultiDeleter> multi_;
  std::map<CURL*, std::unique_ptr<CurlTransfer>> transfers_;
  std::vector<Queued> queue_;  ///< requests that wait for their host
  bool has_waited_ = true;
  std::chrono::nanoseconds idle_{0};  ///< spent in waiting since the beginning
};

}  // namespace

std::unique_ptr<Network> make_curl_network(const NetworkOptions& options) {
  init_once();
  return std::make_unique<CurlNetwork>(options);
}

std::string curl_version_text() {
  const auto* info = ::curl_version_info(CURLVERSION_NOW);
  return fmt::format("libcurl {} ({})", info->version, info->ssl_version);
}

}  // namespace mrf::http
