// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "fetch/object_output.h"
#include "fetch/part_pool.h"
#include "fetch/worker.h"
#include "http/network.h"

namespace mrf::fetch {

/// Makes a network for a further thread.
using NetworkMaker = std::function<std::unique_ptr<http::Network>()>;

/// One object, in one request or in parts, into one output. What an interrupted response brought is
/// kept when the server shows that the rest belongs to it (the same strong entity tag and size, and the very
/// range asked for), else thrown away.
class Download {
 public:
  /// The references outlive the object. Without `more` everything happens in the calling thread.
  Download(http::Network& network, NetworkMaker more, http::Clock& clock, const http::Url& url,
           FetchOptions options, PartSizes sizes);

  /// Called in run()'s thread now and then, with the bytes there and the object's size in bytes if it is
  /// known.
  std::function<void(std::uint64_t, std::optional<std::uint64_t>)> on_progress;

  /// Returns when the output is complete and finished. Throws Error: Status::refused for HTTP 4xx,
  /// Status::unavailable when the retries are used up.
  void run(ObjectOutput& output);

  /// Bytes that came over the network.
  std::uint64_t bytes_in() const { return bytes_in_; }
  /// False when the server did not say how long the object is.
  bool size_is_known() const { return pool_ && pool_->total(); }

 private:
  void work(Worker& first, ObjectOutput& output);
  void add_workers(Worker& first, ObjectOutput& output);
  void work_beside(unsigned slots, ObjectOutput& output);

  http::Network& network_;
  NetworkMaker more_;
  http::Clock& clock_;
  const http::Url& url_;
  FetchOptions options_;
  PartSizes sizes_;
  std::unique_ptr<PartPool> pool_;
  std::vector<std::thread> threads_;
  std::atomic<std::uint64_t> bytes_in_{0};
};

}  // namespace mrf::fetch
