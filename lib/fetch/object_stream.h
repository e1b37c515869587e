// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <condition_variable>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "fetch/fetch_object.h"

namespace mrf::fetch {

class ObjectStream;

/// Bytes of an object in the shared memory of its stream. They stay until the view dies, and so does the
/// room that they take: a reader that keeps views holds the download back.
class StreamView {
 public:
  StreamView(StreamView&& other) noexcept;
  StreamView& operator=(StreamView&&) = delete;
  ~StreamView();

  std::string_view bytes() const { return bytes_; }
  /// Where they stand in the object.
  std::uint64_t at() const { return at_; }

 private:
  friend class ObjectStream;
  StreamView(ObjectStream* stream, std::uint64_t at, std::string_view bytes)
      : stream_(stream), at_(at), bytes_(bytes) {}

  ObjectStream* stream_;
  std::uint64_t at_;
  std::string_view bytes_;
};

/// An object as a readable stream, fetched by a thread of its own while it is read.
class ObjectStream {
 public:
  ObjectStream(const FetchSettings& settings, const http::Url& url);
  /// Ends the download. No view may be alive.
  ~ObjectStream();
  ObjectStream(const ObjectStream&) = delete;
  ObjectStream& operator=(const ObjectStream&) = delete;

  /// Waits for the next bytes, at most `most`; an empty view is the end, and then the object is complete and
  /// verified. Throws Error: what came before is then not to be trusted.
  StreamView read(std::size_t most);

 private:
  friend class StreamView;
  class Output;
  void work(const http::Url& url);
  void release(std::uint64_t at);

  FetchSettings settings_;
  Checks checks_;
  std::unique_ptr<Output> output_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t there_ = 0;  ///< bytes from the first one on
  std::uint64_t read_ = 0;
  std::map<std::uint64_t, std::uint64_t> views_;  ///< begin and end of those that live
  bool over_ = false;
  std::exception_ptr thrown_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace mrf::fetch
