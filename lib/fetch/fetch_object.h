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

#include "fetch/download.h"
#include "fetch/integrity.h"
#include "fetch/outputs.h"
#include "http/curl_network.h"
#include "http/url.h"
#include "io/stats.h"
#include "store/store_network.h"

namespace mrf::fetch {

/// How objects are fetched.
struct FetchSettings {
  http::NetworkOptions network;
  store::StoreOptions store;
  FetchOptions requests;
  PartSizes sizes;
  CheckOptions checks;
  std::uint64_t buffer = 64 << 20;  ///< bytes that may wait for their turn on the way to a pipe
  bool resume = false;              ///< leave an interrupted download behind, and take it up
  RequestLimits limits;             ///< others wait for their turn
  bool overwrite = false;           ///< a name that the server chose may replace a file
  bool threads = true;              ///< false: everything in the calling thread
  /// Another URL for an object whose URL is refused, to be written to `target` ("": to none). In a thread;
  /// nothing when `is_stopped`.
  std::function<std::optional<http::Url>(const http::Url& refused, const std::string& target,
                                         const std::function<bool()>& is_stopped)>
      refresh;
  std::function<void(const std::string&)> on_target;  ///< told of each target before it is opened; may throw
  MadeDirectories* directories = nullptr;  ///< of a manifest: paths are those of files, directories are made
};

/// What became of an object.
struct Fetched {
  std::string target;          ///< the path, or "standard output"; "" when it was not known yet
  std::uint64_t bytes_in = 0;  ///< over the network
  io::Meter out;
  std::string verified_by;  ///< the checksum; "" when unverified
  std::string doubt;        ///< why it is unverified; "" when the user wants that
  bool size_is_known = false;
  bool is_complete = false;     ///< the output is whole and has its name
  std::string digest{};         ///< the bytes of the digest that is recorded; "" when there is none
  std::uint64_t continued = 0;  ///< bytes that an earlier run left
};

using Progress = std::function<void(std::uint64_t bytes, std::optional<std::uint64_t> total)>;

/// An object on its way from `url` to `path` (as choose_target() takes it), in a loop.
class ObjectFetch {
 public:
  /// Objects of at least `put_off_from` bytes are put off. The references outlive the object. With
  /// `waits_apart` a pipe or device that waits for its reader holds up nothing else in the loop.
  ObjectFetch(Loop& loop, const FetchSettings& settings, const http::Url& url, const std::string& path,
              std::uint64_t put_off_from, bool waits_apart);

  Download& download() { return download_; }
  /// Ends it without a result, unless everything came and only a file is to be finished.
  void stop();
  /// What has become of it. Not while the loop does anything for it.
  Fetched result() const;

 private:
  TargetOutput output_;
  Download download_;
};

/// Threads that a loop has for objects with these settings, of which `files` come at a time.
unsigned threads_of(const FetchSettings& settings, unsigned files);

/// Fetches `url` to `path` (as choose_target() takes it). `fetched` is filled in after a failure, too. Throws
/// Error.
void fetch_object(const FetchSettings& settings, const http::Url& url, const std::string& path,
                  const Progress& progress, Fetched& fetched);

/// Removes what an interrupted run left of a file that was fetched without --resume.
void remove_left(const FetchSettings& settings, const Fetched& fetched);

/// What an object was verified by, and why it was not.
struct Verdict {
  std::string verified_by;  ///< the checksum; "" when unverified
  std::string doubt;        ///< why it is unverified; "" when the user wants that
  bool size_is_known = false;
};

/// Calls `take` with the bytes of an object in their order. Returns when it is complete and verified. Throws
/// Error, and what `take` throws. When the object has to be fetched again from the beginning, `drop` is
/// called, and `take` with all the bytes again; without `drop` that is an Error.
Verdict read_in_order(const FetchSettings& settings, const http::Url& url,
                      const std::function<void(std::string_view)>& take,
                      const std::function<void()>& drop = {});

/// Calls `take` with pieces of an object and their places, in any order, in several threads, each byte
/// once. Returns when it is complete; CRCs are verified, digests cannot be, which the doubt says, and which
/// is an Error when a checksum is required or the digest is the user's. Throws Error, and what `take` throws;
/// what came was worthless if the object changed, which is then an Error, too.
Verdict read_in_any_order(const FetchSettings& settings, const http::Url& url,
                          const std::function<void(std::uint64_t at, std::string_view bytes)>& take);

/// Warns of what could not be checked, and notes what was.
void tell_checks(const http::Url& url, const Fetched& fetched);

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

  /// Waits for the next bytes, at most `most`, which is 1 at least; an empty view is the end, and then the
  /// object is complete and verified. Throws Error: what came before is then not to be trusted.
  StreamView read(std::size_t most);
  /// Once an empty view was read.
  Verdict verdict() const { return {checks_.verified_by(), checks_.doubt()}; }

 private:
  friend class StreamView;
  class Output;
  class Pauses;
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
