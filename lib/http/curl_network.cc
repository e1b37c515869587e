// SPDX-License-Identifier: MIT
#include "http/curl_network.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <new>

#include "base/error.h"
#include "http/curl_transfer.h"
#include "io/fd.h"

namespace mrf {

namespace {

constexpr std::chrono::milliseconds resting_poll{5};
// poll(2) alone takes a few microseconds.
constexpr std::chrono::microseconds shortest_wait{50};

struct MultiDeleter {
  void operator()(CURLM* multi) const { ::curl_multi_cleanup(multi); }
};

void init_once() {
  static const CURLcode code = ::curl_global_init(CURL_GLOBAL_ALL);
  if (code != CURLE_OK) throw Error(Status::failure, "start", "libcurl", ::curl_easy_strerror(code));
}

void check(CURLMcode code) {
  if (code != CURLM_OK) throw Error(Status::failure, "use", "libcurl", ::curl_multi_strerror(code));
}

class CurlNetwork final : public Network {
 public:
  explicit CurlNetwork(NetworkOptions options) : options_(std::move(options)), multi_(::curl_multi_init()) {
    if (!multi_) throw std::bad_alloc();
    if (!options_.ca_file.empty()) (void)open_file(options_.ca_file, O_RDONLY);
  }
  ~CurlNetwork() override { CurlNetwork::stop_all(); }
  CurlNetwork(const CurlNetwork&) = delete;
  CurlNetwork& operator=(const CurlNetwork&) = delete;

  void start(const Request& request, Receiver& receiver) override {
    auto transfer = std::make_unique<CurlTransfer>(options_, request, receiver);
    CURL* easy = transfer->easy();
    check(::curl_multi_add_handle(multi_.get(), easy));
    transfers_.emplace(easy, std::move(transfer));
  }

  int poll(std::chrono::milliseconds longest) override {
    for (const auto& [easy, transfer] : transfers_) {
      if (transfer->rests()) longest = std::min(longest, resting_poll);
    }
    int running = 0;
    check(::curl_multi_perform(multi_.get(), &running));
    has_waited_ = false;
    if (finish_ended() == 0 && running > 0) wait(longest);
    return static_cast<int>(transfers_.size());
  }

  bool has_waited() const override { return has_waited_; }

  void stop_all() override {
    for (const auto& [easy, transfer] : transfers_) ::curl_multi_remove_handle(multi_.get(), easy);
    transfers_.clear();
  }

 private:
  void wait(std::chrono::milliseconds longest) {
    const auto begin = std::chrono::steady_clock::now();
    check(::curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(longest.count()), nullptr));
    has_waited_ = std::chrono::steady_clock::now() - begin > shortest_wait;
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
  bool has_waited_ = true;
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

}  // namespace mrf
