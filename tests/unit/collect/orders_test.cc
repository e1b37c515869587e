// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <chrono>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "io/fd.h"
#include "unit/collect/collected.h"
#include "unit/wakeups.h"

using Order = mrf::collect::CollectOptions::Order;

namespace {

struct Distributed {
  std::string whole;
  std::vector<std::string> parts;
};

std::string random_record(std::mt19937& random) {
  const std::array<std::size_t, 4> lengths{0, 1, 300, 70000};
  std::string record(lengths.at(random() % 4), ' ');
  for (char& c : record) c = "ACGT\0\r\t"[random() % 7];
  return record;
}

Distributed distribute(std::mt19937& random, std::size_t records, std::size_t inputs, std::size_t chunk,
                       bool numbered) {
  Distributed given{"", std::vector<std::string>(inputs)};
  for (std::size_t i = 0; i < records; ++i) {
    const std::string record = random_record(random) + "\n";
    const std::size_t copies = numbered ? random() % 3 : 1;
    for (std::size_t copy = 0; copy < copies; ++copy) {
      given.whole += record;
      given.parts[i / chunk % inputs] += (numbered ? std::to_string(i) + "\t" : "") + record;
    }
  }
  return given;
}

}  // namespace

TEST_CASE("rows and seq give back what was distributed, whatever the sizes") {
  std::mt19937 random(11);
  for (const Order order : {Order::rows, Order::seq}) {
    for (const std::size_t inputs : {1, 2, 3, 64}) {
      for (const std::size_t chunk : {1, 7, 1000, 1000000}) {
        for (const std::size_t records : {0, 1, 65, 200}) {
          CAPTURE(static_cast<int>(order));
          CAPTURE(inputs);
          CAPTURE(chunk);
          CAPTURE(records);
          const Distributed given = distribute(random, records, inputs, chunk, order == Order::seq);
          mrf::collect::CollectOptions options;
          options.order = order;
          options.chunk = chunk;
          options.buffer = chunk == 7 ? 4096 : 1 << 20;
          CHECK((collected(given.parts, options) == given.whole));
        }
      }
    }
  }
}

TEST_CASE("numbers that wrap are merged across the wrap") {
  mrf::collect::CollectOptions options;
  options.order = Order::seq;
  const std::vector<std::string> parts{"0\ta\n1073741823\tb\n2147483646\tc\n0\te\n",
                                       "3\tw\n1073741824\tx\n2147483647\td\n1\tf\n"};
  CHECK(collected(parts, options) == "a\nw\nb\nx\nc\nd\ne\nf\n");
}

TEST_CASE("equal numbers are those of one input") {
  mrf::collect::CollectOptions options;
  options.order = Order::seq;
  CHECK(collected({"1\ta\n1\tb\n3\te\n3\tf\n", "2\tc\n2\td\n"}, options) == "a\nb\nc\nd\ne\nf\n");
  for (const char* other : {"1\tc\n", "0\tc\n2\td\n", "2\td\n", "3\td\n"}) {
    CHECK_THROWS_AS(collected({"1\ta\n1\tb\n2\te\n3\tf\n", other}, options), mrf::base::DataError);
    CHECK_THROWS_AS(collected({other, "1\ta\n1\tb\n2\te\n3\tf\n"}, options), mrf::base::DataError);
  }
}

TEST_CASE("a lost record shows in the counts") {
  std::mt19937 random(3);
  mrf::collect::CollectOptions options;
  options.chunk = 1;
  Distributed given = distribute(random, 48, 4, 1, false);
  given.parts[0].erase(0, given.parts[0].find('\n') + 1);
  CHECK_THROWS_AS(collected(given.parts, options), mrf::base::DataError);
  options.ragged = true;
  CHECK(collected(given.parts, options).size() < given.whole.size());
}

TEST_CASE("a writer that gives little at a time is not read each time") {
  const Directory directory;
  mrf::collect::CollectOptions options;
  options.inputs = {directory / "fifo"};
  options.output = directory / "out";
  REQUIRE(::mkfifo(options.inputs[0].c_str(), 0600) == 0);
  const std::string part(8192, '\n');
  constexpr std::size_t parts = 4096;
  std::thread writer([&] {
    const mrf::io::Fd fifo = mrf::io::open_file(options.inputs[0], O_WRONLY);
    mrf::io::Meter meter;
    for (std::size_t i = 0; i < parts; ++i) {
      mrf::io::write_all(fifo, "fifo", part, meter);
      work_for(std::chrono::microseconds(10));
    }
  });
  mrf::io::Stats stats;
  const long before = wakeups();
  mrf::collect::collect(options, stats);
  CHECK(wakeups() - before < 1024);
  writer.join();
  CHECK(stats.records_out == parts * part.size());
}
