// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "fetch/part_pool.h"
#include "http/network.h"
#include "http/retry.h"
#include "io/stats.h"

namespace mrf::fetch {

struct FetchOptions {
  std::vector<std::string> headers;  ///< "Name: value", sent with every request
  unsigned retries = 10;
  std::function<double()> random = [] { return 0.0; };  ///< for RetryPolicy, in any thread
  std::size_t gathered = 256 << 10;  ///< bytes of each request that are handed over at a time
};

/// Some requests at a time for the parts of one object, in one thread.
class Worker {
 public:
  Worker(http::Network& network, http::Clock& clock, PartPool& pool, const http::Url& url,
         const FetchOptions& options);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void add_slots(unsigned count);
  /// Starts what can be started, moves bytes, waits a while if there is nothing to do. False when the
  /// object is complete. Throws Error.
  bool step(ObjectOutput& output);
  std::uint64_t bytes_in() const { return bytes_in_; }

 private:
  class Slot;

  http::Network& network_;
  http::Clock& clock_;
  PartPool& pool_;
  const http::Url& url_;
  const FetchOptions& options_;
  std::uint64_t bytes_in_ = 0;
  std::vector<std::unique_ptr<Slot>> slots_;
};

}  // namespace mrf::fetch
