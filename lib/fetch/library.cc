// SPDX-License-Identifier: MIT
// The public face of the room: the names of library.h, and errors that cross the border of a shared library.
#include "fetch/library.h"

#include <atomic>
#include <utility>

#include "base/error.h"
#include "base/message.h"
#include "base/version.h"
#include "fetch/arguments.h"
#include "fetch/fetch_object.h"
#include "http/url.h"

namespace mrf::fetch::v1 {

namespace {

FetchError::Kind kind_of(base::Status status) {
  switch (status) {
    case base::Status::usage:
      return FetchError::Kind::usage;
    case base::Status::bad_data:
      return FetchError::Kind::bad_data;
    case base::Status::refused:
      return FetchError::Kind::refused;
    case base::Status::unavailable:
      return FetchError::Kind::unavailable;
    default:
      return FetchError::Kind::failure;
  }
}

template <typename Call>
auto translated(Call call) {
  try {
    return call();
  } catch (const base::Error& error) {
    throw FetchError(kind_of(error.status()), error.what());
  }
}

// Standard error is the caller's.
void keep_silent() {
  static const bool done = (base::set_verbosity(base::Verbosity::quiet), true);
  (void)done;
}

FetchSettings settings_from(const std::string& url, const Options& options) {
  keep_silent();
  FetchArguments arguments;
  arguments.url = url;
  arguments.checksum = options.checksum;
  arguments.algorithm = options.checksum_algorithm;
  arguments.stall_seconds = options.stall_seconds;
  arguments.settings.sizes.concurrency = options.concurrency;
  arguments.settings.sizes.part = options.part_size;
  arguments.settings.sizes.threshold = options.multipart_threshold;
  arguments.settings.buffer = options.buffer;
  arguments.settings.requests.retries = options.retries;
  arguments.settings.requests.headers = options.headers;
  arguments.settings.network.ca_file = options.ca_file;
  arguments.settings.checks.s3_part_size = options.s3_part_size;
  arguments.settings.checks.required = options.require_checksum;
  return settings_of(arguments);
}

Result result_of(std::uint64_t bytes, const Verdict& verdict) {
  return {bytes, verdict.verified_by, verdict.doubt};
}

}  // namespace

FetchError::FetchError(Kind kind, const std::string& what) : std::runtime_error(what), kind_(kind) {}
FetchError::~FetchError() = default;

Result read_in_order(const std::string& url, const Options& options,
                     const std::function<void(std::string_view)>& take) {
  return translated([&] {
    std::uint64_t bytes = 0;
    const auto verdict =
        fetch::read_in_order(settings_from(url, options), http::Url::parse(url), [&](std::string_view piece) {
          take(piece);
          bytes += piece.size();
        });
    return result_of(bytes, verdict);
  });
}

Result read_in_any_order(const std::string& url, const Options& options,
                         const std::function<void(std::uint64_t, std::string_view)>& take) {
  return translated([&] {
    std::atomic<std::uint64_t> bytes{0};
    const auto verdict = fetch::read_in_any_order(settings_from(url, options), http::Url::parse(url),
                                                  [&](std::uint64_t at, std::string_view piece) {
                                                    take(at, piece);
                                                    bytes += piece.size();
                                                  });
    return result_of(bytes, verdict);
  });
}

struct View::Held {
  StreamView view;
};

View::View(std::unique_ptr<Held> held) noexcept
    : held_(std::move(held)), bytes_(held_->view.bytes()), at_(held_->view.at()) {}
View::View(View&& other) noexcept
    : held_(std::move(other.held_)), bytes_(std::exchange(other.bytes_, {})), at_(other.at_) {}
View& View::operator=(View&& other) noexcept {
  held_ = std::move(other.held_);
  bytes_ = std::exchange(other.bytes_, {});
  at_ = other.at_;
  return *this;
}
View::~View() = default;

struct Stream::State {
  ObjectStream stream;
  std::uint64_t bytes = 0;
};

Stream::Stream(const std::string& url, const Options& options)
    : state_(translated([&] {
        return std::unique_ptr<State>(new State{{settings_from(url, options), http::Url::parse(url)}});
      })) {}
Stream::~Stream() = default;

View Stream::read(std::size_t most) {
  return translated([&] {
    auto held = std::make_unique<View::Held>(View::Held{state_->stream.read(most)});
    state_->bytes += held->view.bytes().size();
    return View(std::move(held));
  });
}

Result Stream::result() const { return result_of(state_->bytes, state_->stream.verdict()); }

const char* version() noexcept { return base::project_version; }

}  // namespace mrf::fetch::v1
