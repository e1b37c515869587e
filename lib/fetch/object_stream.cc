// SPDX-License-Identifier: MIT
#include "fetch/object_stream.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "io/ring_memory.h"

namespace mrf::fetch {

// The ring that the views look into.
class ObjectStream::Output final : public ObjectOutput, private ByteAccess {
 public:
  Output(ObjectStream& stream, std::size_t memory, std::string object)
      : stream_(stream), ring_(memory), object_(std::move(object)) {}

  std::vector<ByteRange> begin(const http::ResponseHead& head, const http::ObjectVersion& version) override {
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

ObjectStream::~ObjectStream() {
  stop_ = true;
  changed_.notify_all();
  thread_.join();
  checks_.forget();
}

void ObjectStream::work(const http::Url& url) {
  std::exception_ptr thrown;
  try {
    const auto network = http::make_curl_network(settings_.network);
    Loop loop(*network, http::system_clock(), 0, settings_.requests_to_host);
    Download download(loop, url, {settings_.requests, settings_.sizes}, *output_);
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
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(most, there_ - read_));
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
