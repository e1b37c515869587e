// SPDX-License-Identifier: MIT
#include "store/refreshable_credentials.h"

#include <doctest/doctest.h>

#include <atomic>
#include <condition_variable>
#include <semaphore>
#include <string>
#include <utility>

#include "base/error.h"
#include "store_environment.h"

using mrf::StoreEnvironment;
using mrf::store::AwsProfile;
using mrf::store::RefreshableCredentials;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::sys_seconds some_time{1'800'000'000s};

mrf::http::Answer look_answer(int status, const std::string& key, const std::string& expires = "") {
  mrf::http::Answer answer;
  answer.head.add_line("HTTP/1.1 " + std::to_string(status) + " X");
  answer.body = R"({"AccessKeyId":")" + key + R"(","SecretAccessKey":"s","Expiration":")" + expires + "\"}";
  return answer;
}

// Credentials at a time that the test says, in milliseconds from some_time on.
struct TimedCredentials {
  explicit TimedCredentials(mrf::store::Ask ask)
      : credentials(
            {profile, std::move(ask)}, [this] { woken.release(); },
            [this] { return std::chrono::steady_clock::time_point(passed); }) {}

  RefreshableCredentials::Look needed(std::chrono::milliseconds later) {
    passed = later;
    return credentials.needed(time());
  }
  // Waits for a look that runs.
  void end(RefreshableCredentials::Look look) {
    while (!credentials.is_over(look)) {
      woken.acquire();
      credentials.poll();
    }
  }
  std::string get(std::chrono::milliseconds later) {
    end(needed(later));
    return key();
  }
  std::string key() const { return credentials.get(time())->access_key; }
  void renew(std::chrono::milliseconds later) {
    passed = later;
    end(credentials.renew());
    credentials.require_success();
  }
  // Whether a request waits for a look that begins after a pause.
  bool is_pause(std::chrono::milliseconds later, std::chrono::milliseconds until) {
    const auto look = needed(later);
    return !credentials.poll() && !credentials.is_over(look) &&
           credentials.next_time() == std::chrono::steady_clock::time_point(until);
  }
  std::chrono::sys_seconds time() const {
    return some_time + std::chrono::floor<std::chrono::seconds>(passed);
  }

  AwsProfile profile{"default", "", ""};
  std::chrono::milliseconds passed{0};
  std::counting_semaphore<> woken{0};
  RefreshableCredentials credentials;
};

}  // namespace

TEST_CASE("one look serves all who wait, and its end wakes") {
  const StoreEnvironment environment({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://localhost/c"}});
  std::atomic<int> asked = 0;
  std::binary_semaphore may_answer{0};
  TimedCredentials timed([&](const auto&, auto, const auto&) {
    ++asked;
    may_answer.acquire();
    return look_answer(200, "K");
  });
  const auto look = timed.needed(0s);
  CHECK(timed.needed(1s) == look);
  CHECK(timed.credentials.renew() == look);
  CHECK_FALSE(timed.credentials.is_over(look));
  CHECK_FALSE(timed.credentials.poll());
  may_answer.release();
  timed.end(look);
  CHECK(timed.key() == "K");
  CHECK(timed.needed(2s) == 0);
  CHECK(asked == 1);
}

TEST_CASE("a look that runs is stopped at the end") {
  const StoreEnvironment environment({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://localhost/c"}});
  std::atomic<bool> is_stopped = false;
  {
    TimedCredentials timed([&](const auto&, auto, const std::stop_token& stop) -> mrf::http::Answer {
      std::mutex mutex;
      std::unique_lock lock(mutex);
      std::condition_variable_any stopped;
      is_stopped = !stopped.wait(lock, stop, [] { return false; });
      throw mrf::base::Error(mrf::base::Status::unavailable, "ask", "x", "stopped");
    });
    CHECK(timed.needed(0s) == 1);
  }
  CHECK(is_stopped);
}

TEST_CASE("what needs no endpoint is found at once, without a thread") {
  const StoreEnvironment environment({{"AWS_ACCESS_KEY_ID", "A"}, {"AWS_SECRET_ACCESS_KEY", "B"}});
  TimedCredentials timed([](const auto&, auto, const auto&) { return look_answer(500, ""); });
  CHECK(timed.credentials.is_over(timed.needed(0s)));
  CHECK(timed.key() == "A");
  const StoreEnvironment half({{"AWS_ACCESS_KEY_ID", "A"}});
  TimedCredentials broken([](const auto&, auto, const auto&) { return look_answer(500, ""); });
  CHECK(broken.credentials.is_over(broken.needed(0s)));
  CHECK_THROWS_AS(broken.key(), mrf::base::Error);
  const StoreEnvironment nothing({{"AWS_EC2_METADATA_DISABLED", "true"}});
  TimedCredentials none([](const auto&, auto, const auto&) { return look_answer(500, ""); });
  CHECK(none.credentials.is_over(none.needed(0s)));
  CHECK_FALSE(none.credentials.found());
}

TEST_CASE("credentials are looked for again five minutes before they expire, and nobody waits for that") {
  const StoreEnvironment environment({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://localhost/c"}});
  int asked = 0;
  bool fails = false;
  TimedCredentials timed([&](const auto&, auto, const auto&) {
    ++asked;
    return look_answer(fails ? 500 : 200, "K" + std::to_string(asked), "2027-01-15T08:10:00Z");
  });
  const auto expires = *mrf::store::parse_time("2027-01-15T08:10:00Z") - some_time;
  // The key at once, and after the look that was begun, if any.
  const auto early = [&](std::chrono::milliseconds later, const char* before, bool begins) {
    CHECK(timed.needed(later) == 0);
    CHECK(timed.key() == before);
    if (begins) {
      timed.woken.acquire();
      CHECK(timed.credentials.poll());
    }
    CHECK_FALSE(timed.credentials.poll());
  };
  CHECK(timed.get(expires - 311s) == "K1");
  early(expires - 301s, "K1", false);
  early(expires - 300s, "K1", true);
  early(expires - 291s, "K2", false);  // the endpoint has nothing newer
  fails = true;
  early(expires - 200s, "K2", true);
  early(expires - 141s, "K2", false);
  CHECK(asked == 3);
  early(expires - 140s, "K2", true);
  CHECK(asked == 4);
  CHECK_THROWS_AS(timed.get(expires), mrf::base::Error);
  CHECK(asked == 5);
  CHECK(timed.is_pause(expires + 1ms, expires + 500ms));
  fails = false;
  timed.passed = expires + 500ms;
  CHECK_FALSE(timed.credentials.poll());
  timed.end(4 + 2);
  CHECK(timed.key() == "K6");
}

TEST_CASE("credentials that a server does not take are looked for again, however long they are to last") {
  const StoreEnvironment environment({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://localhost/c"}});
  int asked = 0;
  TimedCredentials timed([&](const auto&, auto, const auto&) {
    return look_answer(++asked > 1 ? 500 : 200, "K", "9999-12-31T23:59:59Z");
  });
  CHECK(timed.get(0s) == "K");
  CHECK_THROWS_AS(timed.renew(1000ms), mrf::base::Error);
  const auto look = timed.credentials.renew();
  CHECK(asked == 2);
  CHECK(timed.credentials.next_time() == std::chrono::steady_clock::time_point(1125ms));
  timed.passed = 1125ms;
  timed.credentials.poll();
  timed.end(look);
  CHECK_THROWS_AS(timed.credentials.require_success(), mrf::base::Error);
  CHECK(asked == 3);
  CHECK(timed.get(1126ms) == "K");
}

TEST_CASE("the pause after a failure begins when the endpoint has not answered for its longest time") {
  const StoreEnvironment environment({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/c"}});
  int asked = 0;
  TimedCredentials* self = nullptr;
  TimedCredentials timed([&](const auto&, auto, const auto&) -> mrf::http::Answer {
    ++asked;
    self->passed += 10s;
    throw mrf::base::Error(mrf::base::Status::unavailable, "ask", "x", "no answer");
  });
  self = &timed;
  CHECK_THROWS_AS(timed.get(0ms), mrf::base::Error);
  CHECK(timed.is_pause(10000ms, 10125ms));
  CHECK(timed.is_pause(10124ms, 10125ms));
  CHECK(asked == 1);
  CHECK_THROWS_AS(timed.get(10125ms), mrf::base::Error);
  CHECK(asked == 2);
}

TEST_CASE("after an unavailable endpoint requests wait for a pause that grows, after a refusal they fail") {
  const StoreEnvironment environment({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/c"}});
  int asked = 0;
  int status = 500;
  TimedCredentials timed([&](const auto&, auto, const auto&) {
    ++asked;
    return look_answer(status, "K");
  });
  // Before and after each pause.
  int looks = 1;
  for (const auto pause : {0ms, 125ms, 250ms, 500ms, 1000ms, 2000ms, 4000ms, 4000ms}) {
    const auto end = timed.passed + pause;
    if (pause > 0ms) CHECK(timed.is_pause(end - 1ms, end));
    CHECK_THROWS_AS(timed.get(end), mrf::base::Error);
    CHECK(asked == looks++);
  }
  status = 403;
  CHECK_THROWS_AS(timed.get(30s), mrf::base::Error);
  CHECK_THROWS_AS(timed.get(39999ms), mrf::base::Error);
  CHECK(asked == looks++);
  status = 200;
  CHECK(timed.get(40s) == "K");
  CHECK(timed.get(41s) == "K");
  CHECK(asked == looks);
}
