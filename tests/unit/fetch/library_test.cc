// SPDX-License-Identifier: MIT
#include "fetch/library.h"

#include <doctest/doctest.h>

#include <cstring>
#include <mutex>
#include <optional>
#include <string>

#include "base/version.h"
#include "tiny_server.h"

namespace {

namespace library = mrf::fetch::v1;

library::Options small_options() {
  ::unsetenv("http_proxy");
  library::Options options;
  options.part_size = 256 << 10;
  options.multipart_threshold = 512 << 10;
  options.buffer = 2 << 20;
  options.retries = 1;
  return options;
}

constexpr const char* hash_of_nothing = "x-goog-hash: md5=1B2M2Y8AsgTpgAmY7PhCfg==\r\n";

library::FetchError::Kind kind_of_failure(const std::string& url, const library::Options& options) {
  try {
    library::read_in_order(url, options, [](std::string_view) {});
  } catch (const library::FetchError& error) {
    CHECK(std::string_view(error.what()).starts_with("cannot "));
    CHECK(std::string_view(error.what()).find("hidden") == std::string_view::npos);
    return error.kind();
  }
  FAIL("nothing was thrown");
  return {};
}

}  // namespace

TEST_CASE("the library: three ways to the same bytes, and what is known of them") {
  mrf::TinyServer server("");
  std::string streamed;
  library::Stream stream(server.url, small_options());
  std::optional<library::View> kept;
  for (;;) {
    library::View view = stream.read(100000);
    if (view.is_end()) break;
    CHECK(view.at() == streamed.size());
    streamed += view.bytes();
    kept = std::move(view);
  }
  CHECK(kept->bytes() == std::string_view(server.object()).substr(kept->at()));
  kept.reset();
  CHECK(streamed == server.object());
  CHECK(stream.result().bytes == server.object().size());
  CHECK(stream.result().verified_by.empty());
  CHECK(stream.result().doubt == "the server names no checksum");

  std::string in_order;
  auto result =
      library::read_in_order(server.url, small_options(), [&](std::string_view bytes) { in_order += bytes; });
  CHECK(in_order == server.object());
  CHECK(result.bytes == server.object().size());
  CHECK(result.doubt == "the server names no checksum");

  std::string any_order(server.object().size(), '\0');
  std::mutex mutex;
  result =
      library::read_in_any_order(server.url, small_options(), [&](std::uint64_t at, std::string_view bytes) {
        const std::lock_guard lock(mutex);
        std::memcpy(any_order.data() + at, bytes.data(), bytes.size());
      });
  CHECK(any_order == server.object());
  CHECK(result.bytes == server.object().size());
}

TEST_CASE("the library: the kinds of its errors") {
  using ErrorKind = library::FetchError::Kind;
  mrf::TinyServer wrong(hash_of_nothing);
  CHECK(kind_of_failure(wrong.url + "?sig=hidden", small_options()) == ErrorKind::bad_data);
  CHECK_THROWS_AS(
      [&] {
        library::Stream stream(wrong.url, small_options());
        while (!stream.read().is_end()) {
        }
      }(),
      library::FetchError);
  CHECK(kind_of_failure("ftp:/nowhere?sig=hidden", small_options()) == ErrorKind::usage);
  auto options = small_options();
  options.buffer = 1;
  CHECK(kind_of_failure(wrong.url, options) == ErrorKind::usage);
  mrf::TinyServer plain("");
  options = small_options();
  options.require_checksum = true;
  CHECK(kind_of_failure(plain.url, options) == ErrorKind::bad_data);
  options = small_options();
  options.retries = 0;
  CHECK(kind_of_failure("http://me:hidden@127.0.0.1:1/?token=hidden", options) == ErrorKind::unavailable);
}

TEST_CASE("the library: what the caller throws reaches the caller") {
  mrf::TinyServer server("");
  CHECK_THROWS_AS(library::read_in_order(server.url, small_options(), [](std::string_view) { throw 7; }),
                  int);
  CHECK_THROWS_AS(library::read_in_any_order(server.url, small_options(),
                                             [](std::uint64_t, std::string_view) { throw 7; }),
                  int);
}

TEST_CASE("the library: a checksum of the caller's") {
  mrf::TinyServer server("");
  auto options = small_options();
  options.checksum = std::string(32, '0');
  options.checksum_algorithm = "md5";
  CHECK(kind_of_failure(server.url, options) == library::FetchError::Kind::bad_data);
  options.checksum.clear();
  options.checksum_algorithm = "null";
  const auto result = library::read_in_order(server.url, options, [](std::string_view) {});
  CHECK(result.verified_by.empty());
  CHECK(result.doubt.empty());
}

TEST_CASE("the library: its version is that of the programs") {
  CHECK(std::string(library::version()) == mrf::base::project_version);
}
