// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/response_head.h"
#include "http/url.h"

namespace mrf::http {

/// With what a request is signed (AWS Signature Version 4). Secrets: never shown.
struct AwsSignature {
  std::string access_key;
  std::string secret_key;
  std::string region;
};

enum class Method { get, head, put, post };

/// A request for `url`, with these header lines ("Name: value").
struct Request {
  Url url;
  std::vector<std::string> headers;
  bool is_trusted = true;  ///< goes where the user said, so that the user's token or .netrc may go along
  std::optional<AwsSignature> signature{};
  Method method = Method::get;
  std::string form{};              ///< the body of a post, application/x-www-form-urlencoded
  bool goes_direct = false;        ///< past every proxy
  bool shares_connection = false;  ///< with others at the same time, where the server speaks HTTP/2
  std::uint64_t waited_for = 0;    ///< what Network::awaited() gave, and is over
  bool needs_checksum = true;      ///< the data is verified by what the server says of it
};

/// How a transfer ended.
struct Ending {
  enum class Kind {
    complete,     ///< the whole response, by its own framing
    interrupted,  ///< not reached, reset, timed out, stalled, cut short: worth asking again
    stopped,      ///< as the receiver wished
    failed,       ///< asking again would not help: TLS verification, a bad CA file, a wrong proxy setting
    malformed,    ///< asking again would not help: the response is none that can be used
    refused,      ///< asking again would not help: the server said no, other than by an HTTP status
  };
  Kind kind = Kind::complete;
  std::string reason;     ///< of all but complete and stopped, without secrets
  bool has_news = false;  ///< though without data, the request brought something that is not asked for again
};

/// Takes a response as it arrives. Throws nothing.
class Receiver {
 public:
  virtual ~Receiver() = default;
  /// The final response's head (no 1xx). False stops the transfer.
  virtual bool on_head(const ResponseHead& head) = 0;
  /// Bytes of the body as sent, not decoded. False stops the transfer.
  virtual bool on_body(std::string_view bytes) = 0;
  /// Asked before on_body(); while it is false the transfer rests, and counts as no stall.
  virtual bool has_room(std::size_t /*bytes*/) { return true; }
  virtual void on_end(const Ending& ending) = 0;
};

/// HTTP transfers, any number at a time.
class Network {
 public:
  virtual ~Network() = default;
  /// Starts a transfer; `receiver` lives until its on_end(). Throws Error.
  virtual void start(const Request& request, Receiver& receiver) = 0;
  /// The number of something that the request has to wait for and that others need not wait for, such as
  /// credentials; 0 when there is nothing. One that is started before waits by itself. Throws Error.
  virtual std::uint64_t awaited(const Request& /*request*/) { return 0; }
  /// Whether that is over.
  virtual bool is_over(std::uint64_t /*awaited*/) const { return true; }
  /// Moves bytes and calls receivers, waiting at most `longest`. Returns the transfers that run.
  virtual int poll(std::chrono::milliseconds longest) = 0;
  /// Whether there was nothing to do for a moment in the last poll(): what comes is slower than what takes
  /// it.
  virtual bool has_waited() const { return true; }
  /// Ends a receiver's transfer, whose receiver is not called any more. Not from within poll().
  virtual void stop(Receiver& /*receiver*/) {}
  /// The same, and the connection is not used again.
  virtual void stop_and_close(Receiver& receiver) { stop(receiver); }
  /// Ends a poll() that waits, or the next one. Any thread.
  virtual void wake() {}
};

}  // namespace mrf::http
