// SPDX-License-Identifier: MIT
#pragma once

#include <exception>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "fetch/run_plan.h"
#include "http/network.h"
#include "http/retry.h"

namespace mrf::fetch {

/// How many requests may be under way.
struct RequestLimits {
  unsigned to_host = 16;  ///< those that share connections do not count here
  unsigned total = 64;
};

/// The requests of all downloads, on their way to the network: they wait while their host, or all hosts
/// together, have as many as they may have. Before, those are held that wait for something by themselves
/// (http::Network::awaited()); they take no place of others.
class RequestQueue {
 public:
  using Ticket = HostLimit::Ticket;

  /// The references outlive the object.
  RequestQueue(http::Network& network, http::Clock& clock, RequestLimits limits);

  /// The receiver's request starts now or later. Throws Error when it cannot be started now.
  Ticket start(const http::Request& request, http::Receiver& receiver);
  bool is_waiting(Ticket ticket) const { return waiting_.contains(ticket); }
  /// Whether it is held, which is a kind of waiting.
  bool is_held(Ticket ticket) const;
  /// Whether some wait for a place.
  bool has_waiting() const { return waiting_.size() > held_.size(); }
  /// What the head of a response says of its host: that it is busy, that it answers, that it speaks HTTP/2.
  void on_head(Ticket ticket, const http::ResponseHead& head);
  /// A request has ended.
  void on_end(Ticket ticket);
  /// The response of a request waits, without a limit, for the reader of its output. Meanwhile it does not
  /// count among the requests that may be under way. Does nothing when there is no such request.
  void set_aside(Ticket ticket);
  /// The response continues, though others may have taken its place.
  void take_up(Ticket ticket);
  /// Ends a request; with `closes` its connection is not used again.
  void stop(Ticket ticket, http::Receiver& receiver, bool closes);
  /// Told of a request that cannot be started, which is over then.
  using OnFailure = std::function<void(http::Receiver& receiver, const std::exception_ptr& thrown)>;
  using OnStart = std::function<void(http::Receiver& receiver)>;
  /// Starts those that waited and may go.
  void start_those_that_may(const OnStart& on_start, const OnFailure& on_failure);
  /// When start_those_that_may() has something to do for reasons of time.
  std::optional<HostLimit::Time> next_time() const;

 private:
  struct Waiting {
    http::Request request;
    http::Receiver* receiver;
    bool is_held = false;
  };
  struct UnderWay {
    std::string origin;
    bool shares = false;  ///< a connection of HTTP/2
    bool is_aside = false;
  };

  void end_holds();
  HostLimit& limit_of(const UnderWay& request) { return request.shares ? shared_ : own_; }

  http::Network& network_;
  http::Clock& clock_;
  TotalLimit total_;
  HostLimit own_;     ///< requests that have a connection each
  HostLimit shared_;  ///< those to hosts that let them share one
  bool own_is_next_ = false;
  Ticket last_ticket_ = 0;
  std::set<std::string> sharing_;         ///< origins that speak HTTP/2
  std::map<Ticket, UnderWay> under_way_;  ///< all, those that wait, too
  std::map<Ticket, Waiting> waiting_;
  std::vector<Ticket> held_;  ///< of these, in their order
};

}  // namespace mrf::fetch
