// SPDX-License-Identifier: MIT
#include "fetch/fetch_object.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/message.h"
#include "fetch/outcome.h"
#include "fetch/outputs.h"
#include "fetch/part_file.h"
#include "io/fd.h"
#include "io/ring_memory.h"
#include "io/signals.h"

namespace mrf::fetch {

namespace {

constexpr unsigned threads_for_one = 4;

using Taker = std::function<void(std::uint64_t, std::string_view)>;

// Bytes that go to the caller are not kept, so they cannot be read again.
class UnorderedOutput final : public ObjectOutput, private ByteAccess {
 public:
  UnorderedOutput(const Taker& take, Checks& checks, std::string object)
      : take_(take), checks_(checks), object_(std::move(object)) {}

  BytesThere begin(const http::ResponseHead& head, const http::ObjectVersion& version) override {
    checks_.begin(head, version.total, object_, {*this, true, [] {}});
    checks_.do_without_order();
    return {};
  }
  bool in_order() const override { return false; }
  void take(std::uint64_t at, std::string_view bytes) override {
    take_(at, bytes);
    checks_.add(at, bytes);
  }
  bool can_forget() const override { return checks_.bytes() == 0; }
  void forget(base::Status status, const std::string& reason) override {
    if (checks_.bytes() > 0)
      throw base::Error(status, "fetch", object_, reason + " after some of it was read");
    checks_.forget();
  }
  void finish() override { checks_.verify(); }

 private:
  std::string_view view(std::uint64_t, std::span<char>) override { return {}; }

  const Taker& take_;
  Checks& checks_;
  std::string object_;
};

// "" is no target.
Download::Refresh refresh_to(const FetchSettings& settings, const std::string& target) {
  if (!settings.refresh) return {};
  return [refresh = settings.refresh, target](const http::Url& refused,
                                              const std::function<bool()>& is_stopped) {
    return refresh(refused, target, is_stopped);
  };
}

FetchOptions requests_of(const FetchSettings& settings) {
  FetchOptions options = settings.requests;
  options.needs_checksum = !settings.checks.none && !settings.checks.expectation;
  return options;
}

// Whether the server said how many bytes there are.
bool read(const FetchSettings& settings, const http::Url& url, ObjectOutput& output) {
  const auto network = store::make_store_network(settings.network, settings.store);
  Loop loop(*network, http::system_clock(), threads_of(settings, 1), settings.limits);
  Download download(
      loop, url,
      {.requests = requests_of(settings), .sizes = settings.sizes, .refresh = refresh_to(settings, "")},
      output);
  while (!download.is_over()) loop.turn();
  download.rethrow();
  return download.total().has_value();
}

}  // namespace

unsigned threads_of(const FetchSettings& settings, unsigned files) {
  return settings.threads ? std::max(files, threads_for_one) : 0;
}

ObjectFetch::ObjectFetch(Loop& loop, const FetchSettings& settings, const http::Url& url,
                         const std::string& path, std::uint64_t put_off_from, bool waits_apart)
    : output_(url, {path, static_cast<std::size_t>(settings.buffer), settings.checks, settings.resume,
                    settings.directories, settings.overwrite, settings.on_target}),
      download_(loop, url,
                {.requests = requests_of(settings),
                 .sizes = settings.sizes,
                 .put_off_from = put_off_from,
                 .waits_apart = waits_apart,
                 .refresh = refresh_to(settings, path)},
                output_) {}

void ObjectFetch::stop() {
  if (download_.is_finishing()) {
    output_.stop();
  } else {
    download_.stop();
  }
}

Fetched ObjectFetch::result() const {
  return {output_.name(),           download_.bytes_in(),
          output_.meter(),          output_.checks().verified_by(),
          output_.checks().doubt(), download_.total().has_value(),
          download_.is_complete(),  output_.checks().digest(),
          output_.continued()};
}

void fetch_object(const FetchSettings& settings, const http::Url& url, const std::string& path,
                  const Progress& progress, Fetched& fetched) {
  const auto network = store::make_store_network(settings.network, settings.store);
  Loop loop(*network, http::system_clock(), threads_of(settings, 1), settings.limits);
  ObjectFetch object(loop, settings, url, path, unknown_end, false);
  Download& download = object.download();
  try {
    while (!download.is_over()) {
      loop.turn();
      io::throw_if_interrupted();
      progress(download.bytes(), download.total());
    }
    download.rethrow();
  } catch (...) {
    download.settle();
    fetched = object.result();
    throw;
  }
  fetched = object.result();
  remove_left(settings, fetched);
}

void remove_left(const FetchSettings& settings, const Fetched& fetched) {
  if (!settings.resume && fetched.target != io::stdout_name) remove_part_of(fetched.target);
}

void tell_checks(const http::Url& url, const Fetched& fetched) {
  if (!fetched.doubt.empty()) {
    base::warn(fmt::format("fetched '{}', unverified: {}", url.shown(),
                           doubt_text(fetched.doubt, fetched.size_is_known, fetched.out.bytes)));
  } else if (fetched.verified_by.empty() && !fetched.size_is_known) {
    base::warn(fmt::format(
        "fetched '{}', its size unchecked: the server did not say how many bytes there are", url.shown()));
  }
  if (!fetched.verified_by.empty())
    base::note(fmt::format("verified '{}' by {}", fetched.target, fetched.verified_by));
}

Verdict read_in_order(const FetchSettings& settings, const http::Url& url,
                      const std::function<void(std::string_view)>& take, const std::function<void()>& drop) {
  Checks checks(settings.checks);
  OrderedOutput output(take, "its reader", static_cast<std::size_t>(settings.buffer), checks, url.shown(),
                       drop);
  const bool size_is_known = read(settings, url, output);
  return {checks.verified_by(), checks.doubt(), size_is_known};
}

Verdict read_in_any_order(const FetchSettings& settings, const http::Url& url, const Taker& take) {
  Checks checks(settings.checks);
  UnorderedOutput output(take, checks, url.shown());
  const bool size_is_known = read(settings, url, output);
  return {checks.verified_by(), checks.doubt(), size_is_known};
}

// The ring that the views look into.
class ObjectStream::Output final : public ObjectOutput, private ByteAccess {
 public:
  Output(ObjectStream& stream, std::size_t memory, std::string object)
      : stream_(stream), ring_(memory), object_(std::move(object)) {}

  BytesThere begin(const http::ResponseHead& head, const http::ObjectVersion& version) override {
    stream_.checks_.begin(head, version.total, object_,
                          {*this, false, [this] { stream_.changed_.notify_all(); }});
    return {};
  }
  bool in_order() const override { return true; }
  std::uint64_t room_end() const override {
    const std::lock_guard lock(stream_.mutex_);
    const auto held = stream_.views_.empty() ? stream_.read_ : stream_.views_.begin()->first;
    return std::min(held, stream_.checks_.needed_from()) + ring_.size();
  }
  void take(std::uint64_t at, std::string_view bytes) override {
    std::memcpy(ring_.at(at), bytes.data(), bytes.size());
    const std::uint64_t there = stream_.checks_.add(at, bytes);
    const std::lock_guard lock(stream_.mutex_);
    stream_.there_ = there;
    stream_.changed_.notify_all();
  }
  bool can_forget() const override {
    const std::lock_guard lock(stream_.mutex_);
    return stream_.read_ == 0;
  }
  void forget(base::Status status, const std::string& reason) override {
    const std::lock_guard lock(stream_.mutex_);
    if (stream_.read_ > 0)
      throw base::Error(status, "fetch", object_, reason + " after its beginning was read");
    stream_.there_ = 0;
    stream_.checks_.forget();
  }
  void finish() override { stream_.checks_.verify(); }
  std::string_view bytes_at(std::uint64_t at, std::size_t size) const { return {ring_.at(at), size}; }

 private:
  std::string_view view(std::uint64_t at, std::span<char> scratch) override {
    return bytes_at(at, scratch.size());
  }

  ObjectStream& stream_;
  io::RingMemory ring_;
  std::string object_;
};

StreamView::StreamView(StreamView&& other) noexcept
    : stream_(std::exchange(other.stream_, nullptr)), at_(other.at_), bytes_(other.bytes_) {}

StreamView::~StreamView() {
  if (stream_ != nullptr && !bytes_.empty()) stream_->release(at_);
}

ObjectStream::ObjectStream(const FetchSettings& settings, const http::Url& url)
    : settings_(settings),
      checks_(settings.checks),
      output_(std::make_unique<Output>(*this, static_cast<std::size_t>(settings.buffer), url.shown())),
      thread_([this, url] { work(url); }) {}

// The system's time, but the end of the stream ends a pause.
class ObjectStream::Pauses final : public http::Clock {
 public:
  explicit Pauses(ObjectStream& stream) : stream_(stream) {}
  std::chrono::steady_clock::time_point now() override { return http::system_clock().now(); }
  std::chrono::seconds wall_time() override { return http::system_clock().wall_time(); }
  void wait(std::chrono::milliseconds time) override {
    std::unique_lock lock(stream_.mutex_);
    stream_.changed_.wait_for(lock, time, [this] { return stream_.stop_.load(); });
  }

 private:
  ObjectStream& stream_;
};

ObjectStream::~ObjectStream() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
  checks_.forget();
}

void ObjectStream::work(const http::Url& url) {
  std::exception_ptr thrown;
  try {
    const auto network = store::make_store_network(settings_.network, settings_.store);
    Pauses clock(*this);
    Loop loop(*network, clock, 0, settings_.limits);
    Download download(loop, url, {requests_of(settings_), settings_.sizes}, *output_);
    while (!download.is_over() && !stop_) loop.turn();
    download.rethrow();
  } catch (...) {
    thrown = std::current_exception();
  }
  const std::lock_guard lock(mutex_);
  thrown_ = thrown;
  over_ = true;
  changed_.notify_all();
}

StreamView ObjectStream::read(std::size_t most) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return there_ > read_ || over_; });
  if (there_ == read_) {
    if (thrown_) std::rethrow_exception(thrown_);
    return {this, read_, {}};
  }
  const std::uint64_t at = read_;
  const auto size = static_cast<std::size_t>(std::clamp<std::uint64_t>(most, 1, there_ - read_));
  read_ += size;
  views_[at] = read_;
  return {this, at, output_->bytes_at(at, size)};
}

void ObjectStream::release(std::uint64_t at) {
  const std::lock_guard lock(mutex_);
  views_.erase(at);
  changed_.notify_all();
}

}  // namespace mrf::fetch
