// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "object_plan_bench.h"

using namespace object_plan_bench;

// Servers of up to three versions of an object, under strong or weak tags, which fail, refuse ranges,
// redirect and refuse URLs as a seeded generator says; bytes that come in any portions, at any speed, from
// any slot; and an output that has some of the object, part of which turns out to be lost. No response breaks
// that waits for room in the output. Whatever happens, the plan ends, and what it places is every byte of one
// version once, or it fails.
TEST_CASE("plan: whatever servers do in whatever order, one version's bytes have one place each") {
  int completed = 0;
  int times_given_up = 0;
  int times_compared = 0;
  for (unsigned seed = 0; seed < 10000; ++seed) {
    CAPTURE(seed);
    std::mt19937 generator(seed);
    const auto random = [&](unsigned below) { return static_cast<unsigned>(generator() % below); };
    const unsigned versions = 1 + (random(3) == 0 ? random(3) : 0);
    const unsigned trouble = random(4);
    const bool in_order = random(2) == 1;
    const bool is_weak = !in_order && random(4) == 0;
    const bool refreshes = random(4) == 0;
    const std::uint64_t total = random(60);
    mrf::fetch::ObjectPlan plan(mrf::http::Url::parse("http://h/x"),
                                {.headers = {},
                                 .retries = 8,
                                 .random = [&] { return random(1000) / 1000.0; },
                                 .refreshes = refreshes},
                                {1 + random(9), random(40), 64, 1 + random(5), 1 + random(3)});
    struct Response {
      mrf::http::Request request;
      bool has_head = false;
      bool is_wanted = true;
      bool beginning = false;
      unsigned version = 0;
      std::uint64_t left = 0;
    };
    std::map<std::size_t, Response> running;
    std::map<std::uint64_t, unsigned> places;  // the version of each byte that has its place
    std::vector<mrf::fetch::ByteRange> doubtful;
    bool is_refreshing = false;
    ObjectPlan::Time now{};
    const auto output = [&] {
      std::uint64_t given = 0;
      while (places.contains(given)) ++given;
      return mrf::fetch::OutputState{!in_order || given == 0, in_order ? given + 20 : mrf::fetch::unknown_end,
                                     !in_order};
    };
    bool failed = false;
    const std::function<void(const mrf::fetch::Commands&)> carry_out =
        [&](const mrf::fetch::Commands& commands) {
          for (const auto& command : commands) {
            if (const auto* start = std::get_if<mrf::fetch::StartRequest>(&command)) {
              REQUIRE_FALSE(running.contains(start->slot));
              running.emplace(start->slot, Response{start->request});
            } else if (const auto* stop = std::get_if<mrf::fetch::StopResponse>(&command)) {
              running.at(stop->slot).is_wanted = false;
            } else if (const auto* begin = std::get_if<mrf::fetch::BeginOutput>(&command)) {
              running.at(begin->slot).beginning = true;
            } else if (std::holds_alternative<mrf::fetch::ForgetOutput>(command)) {
              if (!output().can_forget) throw mrf::base::DataError("fetch", "x", "it cannot be taken back");
              places.clear();
              doubtful.clear();
            } else if (const auto* given_up = std::get_if<mrf::fetch::GiveUpRequest>(&command)) {
              ++times_given_up;
              running.erase(given_up->slot);
              carry_out(plan.on_end(given_up->slot, {EndingKind::stopped, ""}, "", output(), now,
                                    std::chrono::seconds(0)));
            } else if (std::holds_alternative<mrf::fetch::RefreshUrl>(command)) {
              REQUIRE(refreshes);
              is_refreshing = true;
            } else if (const auto* warning = std::get_if<mrf::fetch::Warn>(&command)) {
              REQUIRE(warning->text.find(": ;") == std::string::npos);  // each failure has its reason
            }
          }
        };
    const auto answer = [&](std::size_t slot, Response& response) {
      response.has_head = true;
      response.version = random(versions);
      const auto range = field(response.request, "Range");
      const std::string etag =
          std::string(is_weak ? "ETag: W/\"" : "ETag: \"") + static_cast<char>('a' + response.version) + "\"";
      Texts lines;
      const unsigned fate = random(8) < trouble ? random(6) : 9;
      if (fate == 0) {
        lines = {"HTTP/1.1 503 Busy"};
      } else if (fate == 1 && (!range.empty() || refreshes)) {
        lines = {"HTTP/1.1 403 No"};
      } else if (fate == 2) {
        lines = {"HTTP/1.1 302 F", "Location: /" + std::to_string(random(9))};
      } else if (fate == 3 && !range.empty()) {
        lines = {"HTTP/1.1 412 P"};
      } else if (fate == 5 && total > 0) {
        lines = {"HTTP/1.1 206 P", etag,
                 "Content-Range: bytes 0-" + std::to_string(total - 1) + "/" + std::to_string(total)};
        response.left = total;
      } else if (range.empty() || fate == 4) {
        lines = {"HTTP/1.1 200 OK", etag, "Content-Length: " + std::to_string(total)};
        response.left = total;
      } else {
        const auto dash = range.find('-');
        const std::uint64_t first = std::stoull(range.substr(6, dash - 6));
        const std::uint64_t last = dash + 1 == range.size() ? total - 1 : std::stoull(range.substr(dash + 1));
        lines = {"HTTP/1.1 206 P", etag,
                 "Content-Range: bytes " + std::to_string(first) + "-" + std::to_string(last) + "/" +
                     std::to_string(total)};
        response.left = last + 1 - first;
      }
      carry_out(plan.on_head(slot, head_of(lines), output()));
      if (lines[0].ends_with("OK") || lines[0].ends_with("206 P")) return;
      response.left = 0;
    };
    const auto event = [&] {
      now += std::chrono::milliseconds(random(9000));
      carry_out(plan.on_time(now, output()));
      if (is_refreshing && random(3) == 0) {
        is_refreshing = false;
        plan.on_refreshed(
            random(4) == 0 ? std::nullopt
                           : std::optional(mrf::http::Url::parse("http://h/" + std::to_string(random(9)))));
      }
      if (!doubtful.empty() && random(5) == 0) {
        const auto part = doubtful.back();
        doubtful.pop_back();
        if (random(2) == 0) {
          for (std::uint64_t at = part.first; at < part.second; ++at) places.erase(at);
          plan.on_lost({part});
        }
      }
      if (running.empty()) return;
      auto place = std::next(running.begin(), random(static_cast<unsigned>(running.size())));
      const std::size_t slot = place->first;
      Response& response = place->second;
      const bool is_held = response.is_wanted && response.left > 0 && !plan.has_room(slot, 1, output());
      const bool is_cut = random(12) < trouble && !is_held;
      if (response.beginning) {
        response.beginning = false;
        mrf::fetch::BytesThere there{{}, is_weak};
        for (std::uint64_t at = random(9); !in_order && random(3) > 0 && at < total; at += 1 + random(9)) {
          const std::uint64_t end = std::min<std::uint64_t>(total, at + 1 + random(9));
          there.ranges.emplace_back(at, end);
          for (; at < end; ++at) places.emplace(at, response.version);
        }
        doubtful = there.ranges;
        plan.on_begun(slot, there, in_order);
      } else if (!response.has_head && !is_cut) {
        answer(slot, response);
      } else if (response.is_wanted && response.left > 0 && !is_cut) {
        std::uint64_t count = 1 + random(static_cast<unsigned>(response.left));
        if (!plan.has_room(slot, count, output())) return;
        response.left -= count;
        while (count > 0) {
          const auto piece = plan.on_bytes(slot, count);
          count -= piece.skip + piece.size;
          if (piece.skip + piece.size == 0) {
            response.is_wanted = false;
            return;
          }
          if (piece.is_compared) {
            ++times_compared;
            bool is_equal = true;
            for (std::uint64_t at = piece.at; at < piece.at + piece.size; ++at)
              is_equal = is_equal && places.at(at) == response.version;
            if (is_equal) continue;
            response.is_wanted = false;
            carry_out(plan.on_difference(slot, output()));
            return;
          }
          for (std::uint64_t at = piece.at; at < piece.at + piece.size; ++at)
            REQUIRE(places.emplace(at, response.version).second);
        }
      } else {
        const bool complete = response.has_head && response.left == 0 && !is_cut;
        const auto kind = !response.is_wanted ? EndingKind::stopped
                          : complete          ? EndingKind::complete
                                              : EndingKind::interrupted;
        running.erase(place);
        carry_out(plan.on_end(slot, {kind, "reset"}, "", output(), now, std::chrono::seconds(0)));
      }
    };
    int events = 0;
    try {
      while (!plan.is_complete() || !doubtful.empty()) {
        REQUIRE(++events < 20000);
        event();
      }
    } catch (const mrf::base::Error&) {
      failed = true;
    }
    if (failed) {
      CHECK((trouble > 0 || versions > 1));
      continue;
    }
    ++completed;
    REQUIRE(places.size() == total);
    for (const auto& [at, version] : places) REQUIRE(version == places.begin()->second);
  }
  CHECK(completed > 5000);
  CHECK(times_given_up > 1000);
  CHECK(times_compared > 1000);
}
