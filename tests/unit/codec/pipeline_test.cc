// SPDX-License-Identifier: MIT
#include "codec/pipeline.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <new>
#include <random>
#include <stdexcept>
#include <vector>

namespace {

struct Job {
  int number = 0;
  int result = 0;
};
using Pipeline = mrf::codec::Pipeline<Job>;

constexpr int many = 1000;

void feed(Pipeline& pipeline) {
  for (int i = 0; i < many; ++i) {
    pipeline.next().number = i;
    pipeline.submit();
  }
  pipeline.finish();
}

std::vector<int> squares(unsigned threads) {
  std::vector<int> out;
  Pipeline pipeline(threads, {{[](Job& job) { job.result = job.number * job.number; }, false},
                              {[&](Job& job) { out.push_back(job.result); }, true}});
  feed(pipeline);
  return out;
}

}  // namespace

TEST_CASE("results come in the order of the jobs, whatever the number of threads") {
  const auto expected = squares(0);
  CHECK(expected.size() == many);
  CHECK(expected.back() == (many - 1) * (many - 1));
  for (const unsigned threads : {1U, 2U, 8U}) CHECK(squares(threads) == expected);
}

TEST_CASE("a stage that is in order gets the jobs one after the other, between stages that are not") {
  for (const unsigned threads : {0U, 1U, 4U}) {
    std::vector<int> first;
    std::vector<int> second;
    int delivered = 0;
    Pipeline pipeline(threads, {{[&](Job& job) { first.push_back(job.number); }, true},
                                {[](Job& job) { job.result = -job.number; }, false},
                                {[&](Job& job) { second.push_back(job.result); }, true},
                                {[](Job&) {}, false},
                                {[&](Job&) { ++delivered; }, true}});
    feed(pipeline);
    CHECK(delivered == many);
    for (int i = 0; i < many; ++i) {
      CHECK(first[static_cast<std::size_t>(i)] == i);
      CHECK(second[static_cast<std::size_t>(i)] == -i);
    }
  }
}

TEST_CASE(
    "whichever stage fails at whichever job, the jobs before it are delivered, then its failure is thrown") {
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    const auto threads = static_cast<unsigned>(random() % 5);
    const auto bad_job = static_cast<int>(random() % 300);
    const auto bad_stage = static_cast<int>(random() % 5);
    const auto later_job = bad_job + 1 + static_cast<int>(random() % 3);
    std::vector<int> out;
    const auto stage = [&](int at) {
      return [=](Job& job) {
        if (at == bad_stage && job.number == bad_job) throw std::bad_alloc();
        if (at == 0 && job.number == later_job) throw std::runtime_error("another");
      };
    };
    Pipeline pipeline(threads, {{stage(0), false},
                                {stage(1), true},
                                {stage(2), false},
                                {stage(3), true},
                                {[&](Job& job) {
                                   stage(4)(job);
                                   out.push_back(job.number);
                                 },
                                 true}});
    CHECK_THROWS_AS(feed(pipeline), std::bad_alloc);
    CHECK(out.size() == static_cast<std::size_t>(bad_job));
  }
}

TEST_CASE("who waits for input is told of a failure") {
  std::promise<void> told;
  Pipeline pipeline(1, {{[](Job&) { throw std::runtime_error("full"); }, true}},
                    {.on_failure = [&] { told.set_value(); }});
  pipeline.next();
  pipeline.submit();
  told.get_future().wait();
  CHECK_THROWS_WITH(pipeline.next(), "full");
  CHECK_THROWS_WITH(pipeline.finish(), "full");
}

TEST_CASE("jobs that hold more than the budget go one after the other") {
  constexpr std::size_t heavy = 100;
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  std::vector<int> out;
  Pipeline pipeline(
      4,
      {{[](Job& job) { job.result = 1; }, true},
       {[&](Job&) {
          const int now = ++running;
          int seen = most;
          while (seen < now && !most.compare_exchange_weak(seen, now)) {
          }
          std::this_thread::yield();
          --running;
        },
        false},
       {[&](Job& job) {
          job.result = 0;
          out.push_back(job.number);
        },
        true}},
      {.weigh = [](const Job& job) { return job.result == 1 ? heavy : 0; }, .budget = heavy - 1});
  feed(pipeline);
  CHECK(out.size() == many);
  CHECK(std::is_sorted(out.begin(), out.end()));
  CHECK(most == 1);
}
