// SPDX-License-Identifier: MIT
#include "http/curl_network.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <list>
#include <map>
#include <utility>
#include <vector>

#include "base/environment.h"
#include "base/error.h"
#include "http/curl_multi.h"
#include "http/curl_transfer.h"
#include "http/ftp_transfer.h"
#include "io/reader.h"

namespace mrf::http {

namespace {

constexpr std::chrono::milliseconds resting_poll{5};
// Handles that are kept for other requests. Making one takes as long as a response of some KiB.
constexpr std::size_t most_used = 64;
// poll(2) alone takes a few microseconds.
constexpr std::chrono::microseconds shortest_wait{50};

// libcurl opens the file for each request. Where HOME says nothing, it looks for the user's directory itself.
bool may_have_netrc() {
  const std::string home = base::environment("HOME");
  return home.empty() || ::access((home + "/.netrc").c_str(), F_OK) == 0 || errno != ENOENT;
}

void init_once() {
  static const CURLcode code = ::curl_global_init(CURL_GLOBAL_ALL);
  if (code != CURLE_OK)
    throw base::Error(base::Status::failure, "start", "libcurl", ::curl_easy_strerror(code));
}

// libcurl would only say that the server's certificate cannot be verified.
void require_certificate(const std::string& path) {
  const std::string text = io::read_whole(path);
  if (text.find("CERTIFICATE-----") == std::string::npos)
    throw base::Error(base::Status::failure, "use", path, "it holds no certificate in PEM format");
}

// Transfers in two multi handles: each has its connection in the one, since parts of an object that shared
// one would come no faster than one of them; they share connections in the other. Those by FTP are threads.
class CurlNetwork final : public Network {
 public:
  explicit CurlNetwork(NetworkOptions options) : options_(std::move(options)) {
    if (!options_.ca_file.empty()) require_certificate(options_.ca_file);
    options_.netrc = options_.netrc && may_have_netrc();
  }
  ~CurlNetwork() override {
    for (const auto& [easy, running] : transfers_) running.multi->remove(easy);
    // libcurl waits for the answer to its QUIT.
    for (const auto& [origin, session] : kept_ftp_) session.sockets->shut_down();
  }
  CurlNetwork(const CurlNetwork&) = delete;
  CurlNetwork& operator=(const CurlNetwork&) = delete;

  void start(const Request& request, Receiver& receiver) override {
    if (request.url.is_ftp()) {
      start_ftp(request, receiver);
      return;
    }
    const auto kind = request.shares_connection ? CurlMulti::Kind::shared : CurlMulti::Kind::apart;
    auto& multi = multi_of(kind);
    if (!multi) multi.emplace(sockets_, static_cast<unsigned>(kind), kind);
    Easy used;
    if (!used_.empty() && CurlTransfer::is_plain(options_, request)) {
      used = std::move(used_.back());
      used_.pop_back();
    }
    auto transfer = std::make_unique<CurlTransfer>(options_, request, receiver, idle_, std::move(used));
    CURL* easy = transfer->easy();
    multi->add(easy);
    transfers_.emplace(easy, Running{std::move(transfer), &*multi});
  }

  int poll(std::chrono::milliseconds longest) override {
    for (const auto& [easy, running] : transfers_) {
      if (running.transfer->rests()) longest = std::min(longest, resting_poll);
    }
    for (auto& transfer : ftp_) {
      if (transfer.rests()) longest = std::min(longest, resting_poll);
    }
    wait(longest);
    const auto now = std::chrono::steady_clock::now();
    for (auto& multi : multis_) {
      if (multi && multi->due() <= now) multi->on_time();
    }
    finish_ended();
    deliver_ftp();
    end_stalled();
    return static_cast<int>(transfers_.size() + ftp_.size());
  }

  bool has_waited() const override { return has_waited_; }

  void stop(Receiver& receiver) override { stop(receiver, false); }
  void stop_and_close(Receiver& receiver) override { stop(receiver, true); }

  void wake() override { sockets_.wake(); }

 private:
  struct Running {
    std::unique_ptr<CurlTransfer> transfer;
    CurlMulti* multi;
  };

  std::optional<CurlMulti>& multi_of(CurlMulti::Kind kind) {
    return multis_.at(static_cast<std::size_t>(kind));
  }

  // Logged in already, where an earlier transfer was.
  void start_ftp(const Request& request, Receiver& receiver) {
    FtpSession session;
    if (const auto kept = kept_ftp_.find(request.url.origin()); kept != kept_ftp_.end()) {
      session = std::move(kept->second);
      kept_ftp_.erase(kept);
    }
    ftp_.emplace_back(options_, request, receiver, idle_, sockets_, std::move(session));
  }

  void deliver_ftp() {
    leaving_.remove_if([](FtpTransfer& transfer) { return transfer.thread().is_over(); });
    for (auto place = ftp_.begin(); place != ftp_.end();) {
      const auto transfer = place++;
      if (!transfer->thread().deliver()) continue;
      if (transfer->thread().is_over()) {
        kept_ftp_.emplace(transfer->origin(), transfer->release());
        ftp_.erase(transfer);
      } else {
        leave(transfer);
      }
    }
  }

  // Its thread ends by itself.
  void leave(std::list<FtpTransfer>::iterator transfer) {
    transfer->stop();
    leaving_.splice(leaving_.end(), ftp_, transfer);
  }

  void end_stalled_ftp() {
    for (auto place = ftp_.begin(); place != ftp_.end();) {
      const auto transfer = place++;
      if (transfer->idle() < options_.stall_timeout) continue;
      leave(transfer);
      transfer->thread().end(stalled());
    }
  }

  std::string stalled() const { return fmt::format("nothing came for {} s", options_.stall_timeout.count()); }

  void stop(const Receiver& receiver, bool closes) {
    const auto by_ftp = std::find_if(ftp_.begin(), ftp_.end(),
                                     [&](const auto& transfer) { return &transfer.receiver() == &receiver; });
    if (by_ftp != ftp_.end()) {
      leave(by_ftp);
      return;
    }
    const auto place = std::find_if(transfers_.begin(), transfers_.end(), [&](const auto& entry) {
      return &entry.second.transfer->receiver() == &receiver;
    });
    if (place == transfers_.end()) return;
    if (closes) set_curl(place->first, CURLOPT_FORBID_REUSE, 1L);
    place->second.multi->remove(place->first);
    transfers_.erase(place);
  }

  // Waits until something comes, and takes it.
  void wait(std::chrono::milliseconds longest) {
    const auto begin = std::chrono::steady_clock::now();
    for (const auto& [easy, running] : transfers_) {
      const auto left = options_.stall_timeout - running.transfer->idle();
      longest = std::min(longest, std::chrono::ceil<std::chrono::milliseconds>(left));
    }
    for (const auto& transfer : ftp_) {
      const auto left = options_.stall_timeout - transfer.idle();
      longest = std::min(longest, std::chrono::ceil<std::chrono::milliseconds>(left));
    }
    for (const auto& multi : multis_) {
      if (multi && multi->due())
        longest = std::min(longest, std::chrono::ceil<std::chrono::milliseconds>(*multi->due() - begin));
    }
    std::array<epoll_event, 64> events{};
    const int count = ::epoll_wait(sockets_.fd().get(), events.data(), static_cast<int>(events.size()),
                                   std::max(0, static_cast<int>(longest.count())));
    if (count < 0 && errno != EINTR) throw base::SystemError("watch", "the network");
    const auto time = std::chrono::steady_clock::now() - begin;
    has_waited_ = time > shortest_wait;
    idle_ = idle_.load() + time;
    for (int i = 0; i < count; ++i) {
      const auto& event = events.at(static_cast<std::size_t>(i));
      if (event.data.u64 == SocketSet::wake_data) {
        sockets_.clear_wake();
      } else {
        multis_.at(CurlMulti::number_of(event.data.u64))->on_event(event.data.u64, event.events);
      }
    }
  }

  // Only time spent in waiting counts for stalls: while the receivers work, no socket is read.
  void end_stalled() {
    std::vector<std::unique_ptr<CurlTransfer>> given_up;
    for (auto place = transfers_.begin(); place != transfers_.end();) {
      auto& running = place->second;
      if (running.transfer->idle() < options_.stall_timeout) {
        ++place;
        continue;
      }
      running.multi->remove(place->first);
      given_up.push_back(std::move(running.transfer));
      place = transfers_.erase(place);
    }
    for (const auto& transfer : given_up) transfer->give_up(stalled());
    end_stalled_ftp();
  }

  void finish_ended() {
    for (auto& multi : multis_) {
      while (const auto ended = multi ? multi->ended() : std::nullopt) {
        const auto place = transfers_.find(ended->first);
        multi->remove(ended->first);
        if (place->second.transfer->asks_again(ended->second)) {
          multi->add(ended->first);
          continue;
        }
        const auto transfer = std::move(place->second.transfer);
        transfers_.erase(place);
        transfer->finish(ended->second);
        if (Easy used = transfer->release(); used && used_.size() < most_used)
          used_.push_back(std::move(used));
      }
    }
  }

  NetworkOptions options_;
  SocketSet sockets_;
  std::array<std::optional<CurlMulti>, 2> multis_;  ///< by kind, made when they are needed
  std::map<CURL*, Running> transfers_;
  std::vector<Easy> used_;  ///< handles of transfers that are over
  bool has_waited_ = true;
  Idle idle_{std::chrono::nanoseconds(0)};  ///< spent in waiting since the beginning
  std::list<FtpTransfer> ftp_;
  std::list<FtpTransfer> leaving_;                   ///< those that nobody wants any more
  std::multimap<std::string, FtpSession> kept_ftp_;  ///< by the server that they have logged in to
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
