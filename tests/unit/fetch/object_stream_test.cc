// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <chrono>
#include <cstring>
#include <optional>
#include <thread>

#include "base/error.h"
#include "base/message.h"
#include "fetch/fetch_object.h"
#include "tiny_server.h"

namespace {

mrf::fetch::FetchSettings small_settings() {
  ::unsetenv("http_proxy");
  mrf::base::set_verbosity(mrf::base::Verbosity::quiet);
  mrf::fetch::FetchSettings settings;
  settings.sizes = {256 << 10, 512 << 10, 2 << 20, 4};
  settings.buffer = 2 << 20;
  settings.requests.retries = 1;
  return settings;
}

constexpr const char* wrong_hash = "x-goog-hash: md5=1B2M2Y8AsgTpgAmY7PhCfg==\r\n";

}  // namespace

TEST_CASE("a stream gives views into its memory, in order") {
  mrf::TinyServer server("");
  mrf::fetch::ObjectStream stream(small_settings(), mrf::http::Url::parse(server.url));
  std::string got;
  std::optional<mrf::fetch::StreamView> kept;
  for (;;) {
    auto view = stream.read(100000);
    if (view.bytes().empty()) break;
    CHECK(view.at() == got.size());
    got += view.bytes();
    // The one before is still what it was.
    if (kept)
      CHECK(kept->bytes() == std::string_view(server.object()).substr(kept->at(), kept->bytes().size()));
    kept.reset();
    kept.emplace(std::move(view));
  }
  CHECK(got == server.object());
}

TEST_CASE("a stream whose checksum is wrong throws at its end") {
  mrf::TinyServer server(wrong_hash);
  mrf::fetch::ObjectStream stream(small_settings(), mrf::http::Url::parse(server.url));
  std::size_t got = 0;
  const auto read_all = [&] {
    for (;;) {
      const auto view = stream.read(1 << 20);
      if (view.bytes().empty()) return;
      got += view.bytes().size();
    }
  };
  CHECK_THROWS_AS(read_all(), mrf::base::DataError);
  CHECK(got == server.object().size());
}

TEST_CASE("a stream that is not read to its end ends") {
  mrf::TinyServer server("");
  mrf::fetch::ObjectStream stream(small_settings(), mrf::http::Url::parse(server.url));
  CHECK(stream.read(10).bytes() == server.object().substr(0, 10));
}

TEST_CASE("a stream ends at once while it waits until a server can be asked again") {
  mrf::TinyServer server("", [](unsigned) { return mrf::TinyServer::busy; });
  const auto begin = std::chrono::steady_clock::now();
  {
    mrf::fetch::ObjectStream stream(small_settings(), mrf::http::Url::parse(server.url));
    while (server.requests() == 0) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));  // so that it nearly always waits by now
  }
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(10));
}

TEST_CASE("a read of no bytes at all is no end") {
  mrf::TinyServer server("");
  mrf::fetch::ObjectStream stream(small_settings(), mrf::http::Url::parse(server.url));
  CHECK(stream.read(0).bytes() == server.object().substr(0, 1));
}

TEST_CASE("bytes in any order do not suffice for a digest, and that is said") {
  mrf::TinyServer server(wrong_hash);
  const auto url = mrf::http::Url::parse(server.url);
  const auto read = [&](const mrf::fetch::FetchSettings& settings) {
    return mrf::fetch::read_in_any_order(settings, url, [](std::uint64_t, std::string_view) {});
  };
  const auto verdict = read(small_settings());
  CHECK(verdict.verified_by == "");
  CHECK(verdict.doubt == "x-goog-hash md5 needs the bytes in their order");
  auto strict = small_settings();
  strict.checks.required = true;
  CHECK_THROWS_AS(read(strict), mrf::base::DataError);
  auto named = small_settings();
  named.checks.expectation.emplace();
  named.checks.expectation->value = std::string(16, 'x');
  CHECK_THROWS_AS(read(named), mrf::base::DataError);
}

TEST_CASE("parts in order and in any order") {
  mrf::TinyServer server("");
  const auto url = mrf::http::Url::parse(server.url);
  std::string in_order;
  mrf::fetch::read_in_order(small_settings(), url, [&](std::string_view bytes) { in_order += bytes; });
  CHECK(in_order == server.object());
  std::string anyhow(server.object().size(), '\0');
  mrf::fetch::read_in_any_order(small_settings(), url, [&](std::uint64_t at, std::string_view bytes) {
    std::memcpy(anyhow.data() + at, bytes.data(), bytes.size());
  });
  CHECK(anyhow == server.object());
  mrf::TinyServer bad(wrong_hash);
  CHECK_THROWS_AS(
      mrf::fetch::read_in_order(small_settings(), mrf::http::Url::parse(bad.url), [](std::string_view) {}),
      mrf::base::DataError);
}
