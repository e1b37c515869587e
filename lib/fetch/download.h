// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fetch/exchange.h"
#include "fetch/object_version.h"
#include "fetch/retry.h"
#include "sys/meter.h"
#include "sys/output_file.h"
#include "sys/status.h"

namespace mrf {

struct DownloadOptions {
  std::vector<std::string> headers;  ///< "Name: value", sent with every request
  unsigned retries = 10;
  std::function<double()> random = [] { return 0.0; };  ///< for RetryPolicy
};

/// One object, one request at a time, in order, into one output. What an interrupted response
/// brought is kept when the server shows that the rest belongs to it (the same strong entity tag and size,
/// and the very range asked for), else thrown away.
class Download final : private BodySink {
 public:
  /// `path` as choose_target() takes it. The references outlive the object.
  Download(Network& network, Clock& clock, Url url, std::string path, DownloadOptions options);

  /// Returns when the target is complete and has its name. Throws Error: Status::refused for HTTP
  /// 4xx, Status::unavailable when the retries are used up; then there is no target.
  void run(Meter& in, Meter& out);

  /// The target's name for reports; "" before it is known.
  const std::string& target() const { return target_; }
  /// Bytes of the object.
  std::uint64_t bytes() const { return position_; }
  /// False when the server did not say how long the object is.
  bool size_is_checked() const { return version_.total.has_value(); }

 private:
  bool accept(const ResponseHead& head) override;
  bool take(std::string_view bytes) override;
  Request request() const;
  bool is_complete(const Answer& answer) const;
  bool fits(const ResponseHead& head) const;
  bool start_over(const ResponseHead& head);
  void open_output(const ResponseHead& head);
  void forget_data(Status when_gone_out);
  std::string failure_of(const Answer& answer) const;
  void throw_if_final(const Answer& answer) const;
  void wait_or_give_up(const Answer& answer);

  Network& network_;
  Clock& clock_;
  Url url_;
  std::string path_;
  DownloadOptions options_;
  RetryPolicy policy_;
  std::string target_;
  std::optional<OutputFile> output_;
  ObjectVersion version_;
  std::uint64_t position_ = 0;  ///< bytes in the output
  std::uint64_t skip_ = 0;      ///< bytes of this response that the output has already
  bool changed_ = false;
  std::string objection_;  ///< why a response was stopped
  Meter* in_ = nullptr;
  Meter* out_ = nullptr;
};

}  // namespace mrf
