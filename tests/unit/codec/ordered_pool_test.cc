// SPDX-License-Identifier: MIT
#include "codec/ordered_pool.h"

#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>
#include <vector>

#include "codec/turns.h"

namespace {

struct Job {
  int number = 0;
  int result = 0;
};

constexpr int many = 1000;

std::vector<int> squares(unsigned threads) {
  std::vector<int> out;
  mrf::OrderedPool<Job> pool(
      threads, [](Job& job) { job.result = job.number * job.number; },
      [&](Job& job) { out.push_back(job.result); });
  for (int i = 0; i < many; ++i) {
    pool.next().number = i;
    pool.submit();
  }
  pool.finish();
  return out;
}

}  // namespace

TEST_CASE("results come in the order of the jobs, whatever the number of threads") {
  const auto expected = squares(0);
  CHECK(expected.size() == many);
  CHECK(expected.back() == (many - 1) * (many - 1));
  for (const unsigned threads : {1U, 2U, 8U}) CHECK(squares(threads) == expected);
}

TEST_CASE("a job that fails ends the pool after the jobs before it were delivered") {
  for (const unsigned threads : {0U, 1U, 4U}) {
    std::vector<int> out;
    mrf::OrderedPool<Job> pool(
        threads,
        [](Job& job) {
          if (job.number == 500) throw std::runtime_error("job 500");
        },
        [&](Job& job) { out.push_back(job.number); });
    const auto feed = [&] {
      for (int i = 0; i < many; ++i) {
        pool.next().number = i;
        pool.submit();
      }
      pool.finish();
    };
    CHECK_THROWS_WITH(feed(), "job 500");
    CHECK(out.size() == 500);
  }
}

TEST_CASE("a delivery that fails ends the pool") {
  for (const unsigned threads : {0U, 2U}) {
    mrf::OrderedPool<Job> pool(
        threads, [](Job&) {},
        [](Job& job) {
          if (job.number == 3) throw std::runtime_error("full");
        });
    const auto feed = [&] {
      for (int i = 0; i < many; ++i) {
        pool.next().number = i;
        pool.submit();
      }
      pool.finish();
    };
    CHECK_THROWS_WITH(feed(), "full");
  }
}

TEST_CASE("turns are taken in order by jobs that run side by side") {
  mrf::Turns turns;
  int sum = 0;
  std::vector<int> seen;
  mrf::OrderedPool<Job> pool(
      4,
      [&](Job& job) {
        turns.take(static_cast<std::uint64_t>(job.number), [&] {
          sum += job.number;
          seen.push_back(job.number);
        });
      },
      [](Job&) {});
  for (int i = 0; i < many; ++i) {
    pool.next().number = i;
    pool.submit();
  }
  pool.finish();
  CHECK(sum == many * (many - 1) / 2);
  for (int i = 0; i < many; ++i) CHECK(seen[static_cast<std::size_t>(i)] == i);
}

TEST_CASE("a turn that fails sets free those that wait") {
  mrf::Turns turns;
  CHECK_THROWS_AS(turns.take(0, [] { throw std::runtime_error("no"); }), std::runtime_error);
  CHECK_THROWS_AS(turns.take(1, [] {}), mrf::TurnAbandoned);
}
