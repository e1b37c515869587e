// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

namespace mrf::http {

/// The right to have one request under way to a host; all threads of the process share the number of them.
/// Given back by the destructor.
class HostSlot {
 public:
  /// Nothing when `most` requests to `host` are under way.
  static std::optional<HostSlot> take(const std::string& host, unsigned most);

  HostSlot(HostSlot&& other) noexcept;
  HostSlot& operator=(HostSlot&&) = delete;
  ~HostSlot();

 private:
  explicit HostSlot(std::string host);

  std::string host_;
};

}  // namespace mrf::http
