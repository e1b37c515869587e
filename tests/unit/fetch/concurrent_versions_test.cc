// SPDX-License-Identifier: MIT
// Real transfers in several threads of an object that is replaced, or that mirrors have under two entity
// tags. Run under the thread sanitizer this shows that the threads share nothing unguarded.
#include <doctest/doctest.h>
#include <unistd.h>

#include "../directory.h"
#include "base/error.h"
#include "base/message.h"
#include "fetch/fetch_object.h"
#include "tiny_server.h"

namespace {

mrf::fetch::FetchSettings settings() {
  mrf::fetch::FetchSettings settings;
  settings.sizes = {64 << 10, 64 << 10, 64 << 20, 8};
  settings.requests.retries = 3;
  return settings;
}

// Whatever happens: one of the two objects as a whole, or bad data and no file.
void fetch_one_version(const std::function<int(unsigned)>& version, bool resume) {
  mrf::TinyServer server("", version);
  const Directory directory;
  const std::string path = directory / "x";
  auto options = settings();
  options.resume = resume;
  mrf::base::set_verbosity(mrf::base::Verbosity::quiet);
  mrf::fetch::Fetched fetched;
  try {
    mrf::fetch::fetch_object(
        options, mrf::http::Url::parse(server.url), path, [](auto, auto) {}, fetched);
    const std::string found = content(path);
    CHECK((found == server.object(0) || found == server.object(1)));
  } catch (const mrf::base::Error& error) {
    CHECK(error.status() == mrf::base::Status::bad_data);
    CHECK(::access(path.c_str(), F_OK) != 0);
  }
}

}  // namespace

TEST_CASE("an object that is replaced at any request of a download in threads is fetched as one version") {
  for (unsigned at = 0; at < 24; at += 3) {
    CAPTURE(at);
    for (const bool resume : {false, true})
      fetch_one_version([at](unsigned request) { return request >= at ? 1 : 0; }, resume);
  }
}

TEST_CASE("an object of two versions in turn is fetched as one of them, or not at all") {
  for (const unsigned every : {2U, 3U, 7U, 20U})
    fetch_one_version([every](unsigned request) { return request % every == 1 ? 1 : 0; }, every == 3);
}

TEST_CASE(
    "a reader of a stream that can begin again gets one version of an object that is replaced, as a whole") {
  for (unsigned at = 0; at < 12; at += 2) {
    CAPTURE(at);
    mrf::base::set_verbosity(mrf::base::Verbosity::quiet);
    mrf::TinyServer server("", [at](unsigned request) { return request >= at ? 1 : 0; });
    std::string read;
    mrf::fetch::read_in_order(
        settings(), mrf::http::Url::parse(server.url), [&](std::string_view bytes) { read += bytes; },
        [&] { read.clear(); });
    CHECK((read == server.object(0) || read == server.object(1)));
  }
}

TEST_CASE("a reader of a stream gets one version of an object that is replaced, or an error") {
  for (unsigned at = 0; at < 12; at += 2) {
    mrf::TinyServer server("", [at](unsigned request) { return request >= at ? 1 : 0; });
    std::string read;
    try {
      mrf::fetch::read_in_order(settings(), mrf::http::Url::parse(server.url),
                                [&](std::string_view bytes) { read += bytes; });
      CHECK((read == server.object(0) || read == server.object(1)));
    } catch (const mrf::base::Error&) {
      CHECK((server.object(0).starts_with(read) || server.object(1).starts_with(read)));
    }
  }
}
