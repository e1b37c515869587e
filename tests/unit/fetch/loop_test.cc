// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <filesystem>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "fetch/download.h"
#include "fetch/outputs.h"
#include "fetch/request_queue.h"
#include "io/output_file.h"
#include "io/paths.h"
#include "unit/directory.h"

namespace {

// The test answers the requests itself.
class ManualNetwork final : public mrf::http::Network {
 public:
  void start(const mrf::http::Request& request, mrf::http::Receiver& receiver) override {
    if (request.url.path().starts_with("/throws"))
      throw mrf::base::Error(mrf::base::Status::refused, "sign", request.url.text(), "no");
    requests.push_back(request);
    receivers.push_back(&receiver);
  }
  int poll(std::chrono::milliseconds) override { return 1; }
  bool has_waited() const override { return waited; }
  void stop(mrf::http::Receiver& receiver) override { stopped.push_back(&receiver); }
  std::uint64_t awaited(const mrf::http::Request& request) override {
    return request.url.path().starts_with("/held") ? over + 1 : 0;
  }
  bool is_over(std::uint64_t awaited) const override { return awaited <= over; }

  std::vector<mrf::http::Request> requests;
  std::vector<mrf::http::Receiver*> receivers;
  std::vector<mrf::http::Receiver*> stopped;
  bool waited = false;
  std::uint64_t over = 0;  ///< what requests for /held... have waited for
};

mrf::http::ResponseHead head_with(const std::vector<std::string>& lines) {
  mrf::http::ResponseHead head;
  for (const auto& line : lines) head.add_line(line);
  return head;
}

// Takes bytes in any order, in any thread; what is called is told in order, and may be held up.
class Recorder final : public mrf::fetch::ObjectOutput {
 public:
  bool may_wait() const override { return waits; }
  mrf::fetch::BytesThere begin(const mrf::http::ResponseHead&, const mrf::http::ObjectVersion&) override {
    tell("begin");
    has_begun_ = true;
    return {};
  }
  bool in_order() const override {
    CHECK(has_begun_);
    return false;
  }
  void take(std::uint64_t at, std::string_view bytes) override {
    tell("take " + std::to_string(at) + " " + std::string(bytes));
    if (at == fails_at) throw mrf::base::Error(mrf::base::Status::failure, "write", "x", "no");
  }
  void forget(mrf::base::Status, const std::string&) override { tell("forget"); }
  void finish() override { tell("finish"); }

  std::vector<std::string> calls() {
    const std::lock_guard lock(mutex_);
    return calls_;
  }
  void hold(bool held) {
    const std::lock_guard lock(mutex_);
    held_ = held;
    changed_.notify_all();
  }
  bool waits = false;
  std::uint64_t fails_at = 1000;

 private:
  void tell(const std::string& call) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !held_; });
    calls_.push_back(call);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
  bool has_begun_ = false;
  std::vector<std::string> calls_;
};

// A file that may be committed beside others; finish() makes its directory.
class FileRecorder final : public mrf::fetch::ObjectOutput {
 public:
  explicit FileRecorder(const std::string& path) : path_(path), file_(made(path)) {}
  mrf::fetch::BytesThere begin(const mrf::http::ResponseHead&, const mrf::http::ObjectVersion&) override {
    return {};
  }
  bool in_order() const override { return false; }
  void take(std::uint64_t at, std::string_view bytes) override {
    CHECK(::pwrite(file_.fd().get(), bytes.data(), bytes.size(), static_cast<off_t>(at)) ==
          static_cast<ssize_t>(bytes.size()));
  }
  void forget(mrf::base::Status, const std::string&) override {}
  mrf::io::OutputFile* prepare() override {
    ++prepared;
    return &file_;
  }
  void finish() override {
    ++finished;
    std::filesystem::create_directories(mrf::io::directory_of(path_));
    file_.commit();
  }
  int prepared = 0;
  int finished = 0;

 private:
  static std::string made(const std::string& path) {
    std::filesystem::create_directories(mrf::io::directory_of(path));
    return path;
  }
  std::string path_;
  mrf::io::OutputFile file_;
};

// An object that is held in memory until prepare(), which waits meanwhile in other threads than the test's.
class HeldRecorder final : public mrf::fetch::ObjectOutput {
 public:
  explicit HeldRecorder(std::mutex& gate) : gate_(gate) {}
  mrf::fetch::BytesThere begin(const mrf::http::ResponseHead&, const mrf::http::ObjectVersion&) override {
    return {};
  }
  bool in_order() const override { return false; }
  bool is_held() const override { return true; }
  void take(std::uint64_t, std::string_view) override {}
  void forget(mrf::base::Status, const std::string&) override {}
  mrf::io::OutputFile* prepare() override {
    if (is_prepared) return nullptr;
    is_prepared_apart = std::this_thread::get_id() != owner_;
    if (is_prepared_apart) const std::lock_guard lock(gate_);
    is_prepared = true;
    return nullptr;
  }
  void finish() override { is_finished = true; }
  std::atomic<bool> is_prepared_apart{false};
  std::atomic<bool> is_prepared{false};
  std::atomic<bool> is_finished{false};

 private:
  std::thread::id owner_ = std::this_thread::get_id();
  std::mutex& gate_;
};

class ManualClock final : public mrf::http::Clock {
 public:
  std::chrono::steady_clock::time_point now() override { return time; }
  std::chrono::seconds wall_time() override { return std::chrono::seconds(0); }
  void wait(std::chrono::milliseconds pause) override { time += pause; }
  std::chrono::steady_clock::time_point time{};
};

void turn_until_over(mrf::fetch::Loop& loop, mrf::fetch::Download& download) {
  while (!download.is_over()) loop.turn();
}

const std::vector<std::string> whole_head{"HTTP/1.1 200 OK", "ETag: \"a\"", "Content-Length: 8"};
// Two bytes at a time, taken by other threads.
mrf::fetch::Download::Options delivered_apart() {
  mrf::fetch::Download::Options options;
  options.requests.gathered = 2;
  options.many_processors = true;
  return options;
}

const auto url = [] { return mrf::http::Url::parse("http://h/x"); };

}  // namespace

TEST_CASE("loop: what a pipe cannot take yet is left to the network while what it can take keeps coming") {
  ManualNetwork network;
  std::string got;
  mrf::fetch::Checks checks({});
  mrf::fetch::OrderedOutput output([&](std::string_view bytes) { got += bytes; }, "x", 2 << 20, checks, "x");
  mrf::fetch::Loop loop(network, mrf::http::system_clock(), 0, {});
  mrf::fetch::Download download(loop, url(), {{}, {4, 4, 64, 2}}, output);
  loop.turn();
  REQUIRE(network.receivers.size() == 1);
  auto& first = *network.receivers[0];
  CHECK(first.on_head(head_with(whole_head)));
  CHECK(first.on_body("01"));
  loop.turn();
  REQUIRE(network.receivers.size() == 2);
  auto& second = *network.receivers[1];
  CHECK(second.on_head(head_with({"HTTP/1.1 206 P", "ETag: \"a\"", "Content-Range: bytes 4-7/8"})));
  CHECK_FALSE(second.has_room(4));
  CHECK(first.has_room(2));
  network.waited = true;
  CHECK(second.has_room(4));
  network.waited = false;
  // The connection of HTTP/2 goes on, so it would only be kept elsewhere.
  CHECK(second.on_head(head_with({"HTTP/2 206", "ETag: \"a\"", "Content-Range: bytes 4-7/8"})));
  CHECK(second.has_room(4));
  CHECK(first.on_body("23"));
  loop.turn();
  CHECK(second.has_room(4));
  CHECK(second.on_body("4567"));
  first.on_end({mrf::http::Ending::Kind::stopped, ""});
  second.on_end({mrf::http::Ending::Kind::complete, ""});
  turn_until_over(loop, download);
  CHECK(download.is_complete());
  CHECK(got == "01234567");
}

TEST_CASE("loop: an output that waits holds up its own download alone, and gets its bytes after its begin") {
  ManualNetwork network;
  Recorder slow;
  Recorder quick;
  slow.waits = true;
  slow.hold(true);
  mrf::fetch::Download::Options options;
  options.requests.gathered = 4;
  mrf::fetch::Loop loop(network, mrf::http::system_clock(), 2, {});
  mrf::fetch::Download waiting(loop, url(), options, slow);
  mrf::fetch::Download other(loop, url(), {{}, {}}, quick);
  loop.turn();
  REQUIRE(network.receivers.size() == 2);
  CHECK(network.receivers[0]->on_head(head_with(whole_head)));
  CHECK(network.receivers[0]->has_room(4));
  CHECK(network.receivers[0]->on_body("0123"));
  CHECK_FALSE(network.receivers[0]->has_room(1));
  CHECK(network.receivers[1]->on_head(head_with(whole_head)));
  CHECK(network.receivers[1]->has_room(8));
  CHECK(network.receivers[1]->on_body("01234567"));
  network.receivers[1]->on_end({});
  turn_until_over(loop, other);
  CHECK(other.is_complete());
  CHECK(slow.calls().empty());
  CHECK_FALSE(waiting.is_over());
  slow.hold(false);
  while (!network.receivers[0]->has_room(4)) loop.turn();
  CHECK(network.receivers[0]->on_body("4567"));
  network.receivers[0]->on_end({});
  turn_until_over(loop, waiting);
  CHECK(slow.calls() == std::vector<std::string>{"begin", "take 0 0123", "take 4 4567", "finish"});
}

TEST_CASE("loop: bytes that other threads take are all taken before the output is finished or forgets") {
  for (const bool changes : {false, true}) {
    ManualNetwork network;
    Recorder output;
    mrf::fetch::Loop loop(network, mrf::http::system_clock(), 4, {});
    mrf::fetch::Download download(loop, url(), delivered_apart(), output);
    loop.turn();
    auto& receiver = *network.receivers[0];
    CHECK(receiver.on_head(head_with(whole_head)));
    output.hold(true);
    for (const char* bytes : {"01", "23", "45"}) CHECK(receiver.on_body(bytes));
    if (changes) {
      receiver.on_end({mrf::http::Ending::Kind::interrupted, "reset"});
      while (network.receivers.size() < 2) loop.turn();
      CHECK(receiver.on_head(head_with({"HTTP/1.1 200 OK", "ETag: \"b\"", "Content-Length: 2"})));
      CHECK(receiver.has_room(2));
      CHECK(receiver.on_body("XY"));
      CHECK_FALSE(receiver.has_room(1));
      output.hold(false);
    } else {
      CHECK(receiver.on_body("67"));
      output.hold(false);
    }
    receiver.on_end({});
    turn_until_over(loop, download);
    CHECK_NOTHROW(download.rethrow());
    auto calls = output.calls();
    const auto forget = std::find(calls.begin(), calls.end(), "forget");
    std::sort(calls.begin() + 1, changes ? forget : calls.end() - 1);
    CHECK(calls == (changes ? std::vector<std::string>{"begin", "take 0 01", "take 2 23", "take 4 45",
                                                       "forget", "begin", "take 0 XY", "finish"}
                            : std::vector<std::string>{"begin", "take 0 01", "take 2 23", "take 4 45",
                                                       "take 6 67", "finish"}));
  }
}

TEST_CASE("loop: an output that fails in another thread ends its download, whose request is stopped") {
  ManualNetwork network;
  Recorder output;
  output.fails_at = 0;
  mrf::fetch::Loop loop(network, mrf::http::system_clock(), 1, {});
  mrf::fetch::Download download(loop, url(), delivered_apart(), output);
  loop.turn();
  CHECK(network.receivers[0]->on_head(head_with(whole_head)));
  CHECK(network.receivers[0]->on_body("01"));
  turn_until_over(loop, download);
  CHECK_THROWS_AS(download.rethrow(), mrf::base::Error);
  CHECK(network.stopped == network.receivers);
  CHECK(output.calls() == std::vector<std::string>{"begin", "take 0 01"});
}

TEST_CASE("loop: what waits for a thread when a download is stopped is not done, and not taken for done") {
  for (const bool is_begun : {false, true}) {
    CAPTURE(is_begun);
    ManualNetwork network;
    Recorder output;
    Recorder other;  // keeps the only thread
    output.waits = !is_begun;
    other.waits = true;
    mrf::fetch::Loop loop(network, mrf::http::system_clock(), 1, {});
    mrf::fetch::Download busy(loop, url(), {{}, {}}, other);
    mrf::fetch::Download download(loop, url(), {{}, {}}, output);
    loop.turn();
    other.hold(true);
    CHECK(network.receivers[0]->on_head(head_with(whole_head)));
    CHECK(network.receivers[1]->on_head(head_with(whole_head)));
    if (is_begun) {
      CHECK(network.receivers[1]->on_body("01234567"));
      network.receivers[1]->on_end({});
      while (!download.is_finishing()) loop.turn();
    }
    download.stop();
    other.hold(false);
    turn_until_over(loop, download);
    CHECK_FALSE(download.is_complete());
    CHECK_FALSE(download.thrown());
    CHECK(output.calls() ==
          (is_begun ? std::vector<std::string>{"begin", "take 0 01234567"} : std::vector<std::string>{}));
  }
}

TEST_CASE("loop: downloads share the requests that a host gets, and give them back when they end") {
  ManualNetwork network;
  Recorder output;
  mrf::fetch::Loop loop(network, mrf::http::system_clock(), 0, {1, 64});
  mrf::fetch::Download third(loop, mrf::http::Url::parse("http://other/x"), {{}, {}}, output);
  {
    mrf::fetch::Download first(loop, url(), {{}, {}}, output);
    mrf::fetch::Download second(loop, url(), {{}, {}}, output);
    loop.turn();
    CHECK(network.requests.size() == 2);
    CHECK(network.requests[0].url.text() == "http://other/x");
    first.stop();
    loop.turn();
    CHECK(network.requests.size() == 3);
  }
  mrf::fetch::Download fourth(loop, url(), {{}, {}}, output);
  loop.turn();
  CHECK(network.requests.size() == 4);
}

TEST_CASE("loop: a request that cannot be started ends its own download, now or later, and takes no place") {
  ManualNetwork network;
  Recorder output;
  mrf::fetch::Loop loop(network, mrf::http::system_clock(), 0, {1, 64});
  const auto refused = mrf::http::Url::parse("http://h/throws");
  mrf::fetch::Download at_once(loop, refused, {{}, {}}, output);
  mrf::fetch::Download first(loop, url(), {{}, {}}, output);
  mrf::fetch::Download later(loop, refused, {{}, {}}, output);
  mrf::fetch::Download last(loop, url(), {{}, {}}, output);
  loop.turn();
  CHECK(at_once.is_over());
  CHECK_THROWS_WITH(at_once.rethrow(), "cannot sign 'http://h/throws': no");
  REQUIRE(network.receivers.size() == 1);
  CHECK_FALSE(later.is_over());
  first.stop();
  CHECK_NOTHROW(loop.turn());
  CHECK_NOTHROW(loop.turn());
  CHECK(later.is_over());
  CHECK_THROWS_WITH(later.rethrow(), "cannot sign 'http://h/throws': no");
  CHECK(network.receivers.size() == 2);
  CHECK_FALSE(last.is_over());
}

TEST_CASE("request queue: one that has waited and whose owner fails at its start is stopped") {
  struct : mrf::http::Receiver {
    bool on_head(const mrf::http::ResponseHead&) override { return true; }
    bool has_room(std::size_t) override { return true; }
    bool on_body(std::string_view) override { return true; }
    void on_end(const mrf::http::Ending&) override {}
  } first, second;
  ManualNetwork network;
  mrf::fetch::RequestQueue queue(network, mrf::http::system_clock(), {1, 64});
  const mrf::http::Request request{url(), {}};
  const auto ticket = queue.start(request, first);
  (void)queue.start(request, second);
  queue.on_end(ticket);
  const mrf::http::Receiver* failed = nullptr;
  queue.start_those_that_may([](mrf::http::Receiver&) { throw std::bad_alloc(); },
                             [&](mrf::http::Receiver& receiver, const std::exception_ptr&) {
                               CHECK(network.stopped.size() == 1);
                               failed = &receiver;
                             });
  CHECK(failed == &second);
  CHECK_FALSE(queue.has_waiting());
}

TEST_CASE("request queue: one that is held takes no place, and then waits for one like all others") {
  ManualNetwork network;
  mrf::fetch::RequestQueue queue(network, mrf::http::system_clock(), {1, 64});
  class Nobody final : public mrf::http::Receiver {
    bool on_head(const mrf::http::ResponseHead&) override { return true; }
    bool on_body(std::string_view) override { return true; }
    void on_end(const mrf::http::Ending&) override {}
  };
  Nobody receivers[4];
  const auto start = [&](int number, const char* path) {
    return queue.start({mrf::http::Url::parse(std::string("http://h") + path), {}}, receivers[number]);
  };
  const auto go = [&] {
    queue.start_those_that_may([](auto&) {}, [](auto&, const auto&) { FAIL("it may"); });
  };
  const auto stopped = start(0, "/held0");
  const auto first = start(1, "/held1");
  const auto second = start(2, "/held2");
  const auto open = start(3, "/open");
  CHECK(network.requests.size() == 1);
  CHECK(queue.is_held(first));
  CHECK(queue.is_waiting(first));
  CHECK_FALSE(queue.is_held(open));
  CHECK_FALSE(queue.has_waiting());
  queue.stop(stopped, receivers[0], false);
  CHECK(network.stopped.empty());
  go();
  CHECK(queue.is_held(first));
  network.over = 1;
  go();
  CHECK_FALSE(queue.is_held(first));
  CHECK(queue.is_waiting(first));  // the host has a request
  queue.on_end(open);
  go();
  REQUIRE(network.requests.size() == 2);
  CHECK(network.requests[1].url.path() == "/held1");
  CHECK(network.requests[1].waited_for == 1);
  CHECK_FALSE(queue.is_waiting(first));
  queue.stop(second, receivers[2], false);
  queue.on_end(first);
  go();
  CHECK(network.requests.size() == 2);
}

TEST_CASE("loop: a download whose output waits for its reader leaves its place to others meanwhile") {
  ManualNetwork network;
  Recorder slow;
  Recorder quick;
  slow.waits = true;
  slow.hold(true);
  mrf::fetch::Loop loop(network, mrf::http::system_clock(), 2, {1, 64});
  mrf::fetch::Download waiting(loop, url(), {{}, {}}, slow);
  mrf::fetch::Download other(loop, url(), {{}, {}}, quick);
  loop.turn();
  REQUIRE(network.receivers.size() == 1);
  CHECK(network.receivers[0]->on_head(head_with(whole_head)));
  loop.turn();
  CHECK(network.receivers.size() == 2);
  mrf::fetch::Download third(loop, url(), {{}, {}}, quick);
  slow.hold(false);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (slow.calls().empty() && std::chrono::steady_clock::now() < until) loop.turn();
  for (int i = 0; i < 3; ++i) loop.turn();
  CHECK(network.receivers[0]->on_body("01234567"));
  network.receivers[0]->on_end({});
  turn_until_over(loop, waiting);
  CHECK(waiting.is_complete());
  CHECK(network.receivers.size() == 2);  // the place was taken again
  other.stop();
  loop.turn();
  CHECK(network.receivers.size() == 3);
}

TEST_CASE("loop: connections of their own and shared ones together are no more than there may be") {
  ManualNetwork network;
  Recorder output;
  mrf::fetch::Loop loop(network, mrf::http::system_clock(), 0, {16, 2});
  mrf::fetch::Download::Options shares;
  shares.requests.shares_connections = true;
  mrf::fetch::Download first(loop, mrf::http::Url::parse("http://two/x"), shares, output);
  loop.turn();
  REQUIRE(network.receivers.size() == 1);
  CHECK(network.receivers[0]->on_head(head_with({"HTTP/2 200", "ETag: \"a\"", "Content-Length: 8"})));
  first.stop();
  mrf::fetch::Download second(loop, mrf::http::Url::parse("http://two/x"), shares, output);
  mrf::fetch::Download third(loop, mrf::http::Url::parse("http://two/x"), shares, output);
  mrf::fetch::Download fourth(loop, url(), {{}, {}}, output);
  mrf::fetch::Download fifth(loop, mrf::http::Url::parse("http://two/x"), shares, output);
  loop.turn();
  CHECK(network.receivers.size() == 3);
  second.stop();
  loop.turn();
  CHECK(network.receivers.size() == 4);
  third.stop();
  loop.turn();
  REQUIRE(network.requests.size() == 5);
  CHECK(network.requests[3].url.text() != network.requests[4].url.text());
}

TEST_CASE("worker pool: work is done in the thread that posts when there is no other") {
  mrf::fetch::WorkerPool pool(0, [] {});
  std::thread::id worker;
  bool thrown = false;
  pool.post([&] { worker = std::this_thread::get_id(); }, [](const std::exception_ptr&) {});
  pool.post([] { throw 1; }, [&](const std::exception_ptr& what) { thrown = what != nullptr; });
  CHECK(worker == std::this_thread::get_id());
  CHECK(pool.is_busy());
  CHECK_FALSE(thrown);
  pool.run_done();
  CHECK(thrown);
  CHECK_FALSE(pool.is_busy());
}

TEST_CASE("worker pool: work that lasts leaves a thread to other work") {
  using mrf::fetch::WorkerPool;
  std::mutex mutex;
  std::condition_variable changed;
  unsigned begun = 0;
  unsigned released = 0;
  bool is_open = false;
  bool is_released = false;
  const auto ignore = [](const std::exception_ptr&) {};
  const auto set = [&](bool& what) {
    const std::lock_guard lock(mutex);
    what = true;
    changed.notify_all();
  };
  WorkerPool pool(2, [] {});
  pool.post(
      [&] {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return is_open; });
      },
      ignore);
  for (int i = 0; i < 3; ++i) {
    pool.post(
        [&] {
          std::unique_lock lock(mutex);
          ++begun;
          changed.notify_all();
          if (changed.wait_for(lock, std::chrono::seconds(10), [&] { return is_released; })) ++released;
        },
        ignore, WorkerPool::Kind::lasting);
  }
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return begun == 1; });
  }
  set(is_open);
  pool.wait_for_done();
  pool.post([&] { set(is_released); }, ignore);
  while (pool.is_busy()) {
    pool.wait_for_done();
    pool.run_done();
  }
  CHECK(released == 3);
}

TEST_CASE(
    "loop: files that are whole are committed together, each fails by itself, one made again is there") {
  const Directory directory;
  for (const unsigned threads : {0U, 2U}) {
    ManualNetwork network;
    const std::string name = std::to_string(threads);
    FileRecorder good(directory / ("good" + name));
    FileRecorder bad(directory / ("bad" + name));
    FileRecorder vanished(directory / ("sub" + name + "/x"));
    FileRecorder stopped(directory / ("stopped" + name));
    mrf::fetch::Loop loop(network, mrf::http::system_clock(), threads, {});
    mrf::fetch::Download first(loop, url(), {{}, {}}, good);
    mrf::fetch::Download second(loop, url(), {{}, {}}, bad);
    mrf::fetch::Download third(loop, url(), {{}, {}}, vanished);
    mrf::fetch::Download fourth(loop, url(), {{}, {}}, stopped);
    loop.turn();
    REQUIRE(network.receivers.size() == 4);
    std::filesystem::create_directory(directory / ("bad" + name));
    std::filesystem::remove(directory / ("sub" + name));
    for (auto* receiver : network.receivers) {
      CHECK(receiver->on_head(head_with(whole_head)));
      CHECK(receiver->on_body("01234567"));
      if (receiver != network.receivers.back()) receiver->on_end({mrf::http::Ending::Kind::complete, ""});
    }
    fourth.stop();
    for (auto* download : {&first, &second, &third, &fourth}) turn_until_over(loop, *download);
    CHECK(first.is_complete());
    CHECK(content(directory / ("good" + name)) == "01234567");
    CHECK(good.prepared == 1);
    CHECK(good.finished == 0);
    CHECK_FALSE(second.is_complete());
    CHECK_THROWS_WITH(second.rethrow(),
                      ("cannot write '" + directory / ("bad" + name) + "': Is a directory").c_str());
    CHECK(third.is_complete());
    CHECK(vanished.finished == 1);
    CHECK(content(directory / ("sub" + name + "/x")) == "01234567");
    CHECK_FALSE(fourth.is_complete());
    CHECK_FALSE(std::filesystem::exists(directory / ("stopped" + name)));
  }
}

TEST_CASE(
    "loop: a whole file waits for others, for a quarter of a second, and only while others are under way") {
  using std::chrono::milliseconds;
  const Directory directory;
  ManualNetwork network;
  ManualClock clock;
  mrf::fetch::Loop loop(network, clock, 0, {});
  loop.commit_together(3);
  std::vector<std::unique_ptr<FileRecorder>> files;
  std::vector<std::unique_ptr<mrf::fetch::Download>> downloads;
  for (const char* name : {"a", "b", "c", "d", "e", "f"}) {
    files.push_back(std::make_unique<FileRecorder>(directory / name));
    downloads.push_back(
        std::make_unique<mrf::fetch::Download>(loop, url(), mrf::fetch::Download::Options{}, *files.back()));
  }
  loop.turn();
  REQUIRE(network.receivers.size() == 6);
  const auto comes = [&](std::size_t number) {
    CHECK(network.receivers[number]->on_head(head_with(whole_head)));
    CHECK(network.receivers[number]->on_body("01234567"));
    network.receivers[number]->on_end({mrf::http::Ending::Kind::complete, ""});
    for (int i = 0; i < 3; ++i) loop.turn();
  };
  comes(0);
  comes(1);
  CHECK_FALSE(downloads[1]->is_over());
  CHECK_FALSE(std::filesystem::exists(directory / "a"));
  comes(2);
  for (int i = 0; i < 3; ++i) CHECK(downloads[static_cast<std::size_t>(i)]->is_complete());
  CHECK(content(directory / "c") == "01234567");

  comes(3);
  clock.time += milliseconds(249);
  loop.turn();
  CHECK_FALSE(downloads[3]->is_over());
  clock.time += milliseconds(1);
  for (int i = 0; i < 3; ++i) loop.turn();
  CHECK(downloads[3]->is_complete());

  comes(4);
  CHECK_FALSE(downloads[4]->is_over());
  downloads[5].reset();
  for (int i = 0; i < 3; ++i) loop.turn();
  CHECK(downloads[4]->is_complete());
  CHECK(content(directory / "e") == "01234567");
}

TEST_CASE("loop: objects that are held are left to the thread that commits, unless it is behind with them") {
  ManualNetwork network;
  std::mutex gate;
  std::vector<std::unique_ptr<HeldRecorder>> outputs;
  mrf::fetch::Loop loop(network, mrf::http::system_clock(), 2, {});
  std::vector<std::unique_ptr<mrf::fetch::Download>> downloads;
  for (int i = 0; i < 3; ++i) {
    outputs.push_back(std::make_unique<HeldRecorder>(gate));
    const mrf::fetch::Download::Options options;
    downloads.push_back(std::make_unique<mrf::fetch::Download>(loop, url(), options, *outputs.back()));
  }
  loop.turn();
  REQUIRE(network.receivers.size() == 3);
  {
    const std::lock_guard held(gate);
    for (auto* receiver : network.receivers) {
      CHECK(receiver->on_head(head_with(whole_head)));
      CHECK(receiver->on_body("01234567"));
      receiver->on_end({mrf::http::Ending::Kind::complete, ""});
      loop.turn();
    }
    CHECK_FALSE(outputs[0]->is_prepared);
    CHECK_FALSE(outputs[1]->is_prepared);
    CHECK(outputs[2]->is_prepared);
  }
  for (const auto& download : downloads) turn_until_over(loop, *download);
  for (const auto& output : outputs) CHECK(output->is_finished);
  for (const std::size_t i : {0, 1}) CHECK(outputs[i]->is_prepared_apart);
  CHECK_FALSE(outputs[2]->is_prepared_apart);
}
