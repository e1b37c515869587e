// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/error.h"
#include "fetch/object_plan.h"

namespace object_plan_bench {

using mrf::fetch::ObjectPlan;
using EndingKind = mrf::http::Ending::Kind;
using Texts = std::vector<std::string>;

inline const std::string object = "0123456789abcdefghijklm";

inline mrf::http::ResponseHead head_of(const Texts& lines) {
  mrf::http::ResponseHead head;
  for (const auto& line : lines) head.add_line(line);
  return head;
}
inline mrf::http::ResponseHead whole(const std::string& etag, std::uint64_t total = object.size()) {
  return head_of({"HTTP/1.1 200 OK", "ETag: \"" + etag + "\"", "Content-Length: " + std::to_string(total)});
}

inline std::string field(const mrf::http::Request& request, const std::string& name) {
  for (const auto& line : request.headers) {
    if (line.starts_with(name + ": ")) return line.substr(name.size() + 2);
  }
  return "";
}

inline std::string text_of(const mrf::fetch::Command& any) {
  return std::visit(
      [](const auto& command) -> std::string {
        using Kind = std::decay_t<decltype(command)>;
        if constexpr (std::is_same_v<Kind, mrf::fetch::StartRequest>) {
          const auto range = field(command.request, "Range");
          return "start " + std::to_string(command.slot) + " " + command.request.url.text() +
                 (range.empty() ? "" : " " + range) +
                 (field(command.request, "If-Match").empty() ? ""
                                                             : " if " + field(command.request, "If-Match"));
        } else if constexpr (std::is_same_v<Kind, mrf::fetch::StopResponse>) {
          return "stop " + std::to_string(command.slot);
        } else if constexpr (std::is_same_v<Kind, mrf::fetch::GiveUpRequest>) {
          return "give up " + std::to_string(command.slot);
        } else if constexpr (std::is_same_v<Kind, mrf::fetch::RefreshUrl>) {
          return "refresh " + command.url.text();
        } else if constexpr (std::is_same_v<Kind, mrf::fetch::BeginOutput>) {
          return "begin " + std::to_string(command.slot);
        } else if constexpr (std::is_same_v<Kind, mrf::fetch::ForgetOutput>) {
          return "forget " + std::to_string(static_cast<int>(command.status)) + " " + command.reason;
        } else if constexpr (std::is_same_v<Kind, mrf::fetch::PutOff>) {
          return "put off " + std::to_string(command.size);
        } else if constexpr (std::is_same_v<Kind, mrf::fetch::Warn>) {
          return "warn " + command.text;
        } else {
          return "note " + command.text;
        }
      },
      any);
}

// A plan with a clock of its own; every event gives the texts of the commands that it leads to.
class Bench {
 public:
  explicit Bench(mrf::fetch::PartSizes sizes = {4, 4, 64, 4}, unsigned retries = 3,
                 std::uint64_t put_off_from = mrf::fetch::unknown_end, bool refreshes = false)
      : plan(mrf::http::Url::parse("http://h/x"),
             {.headers = {}, .retries = retries, .random = [] { return 0.0; }, .refreshes = refreshes}, sizes,
             put_off_from) {}

  Texts time(std::chrono::milliseconds later = std::chrono::milliseconds(0)) {
    now += later;
    return texts([this] { return plan.on_time(now, output); });
  }
  Texts head(std::size_t slot, const mrf::http::ResponseHead& head) {
    return texts([&] { return plan.on_head(slot, head, output); });
  }
  // The answer to what the slot asked for.
  Texts part(std::size_t slot, const std::string& etag, std::uint64_t first, std::uint64_t last) {
    return head(slot, head_of({"HTTP/1.1 206 P", "ETag: \"" + etag + "\"",
                               "Content-Range: bytes " + std::to_string(first) + "-" + std::to_string(last) +
                                   "/" + std::to_string(object.size())}));
  }
  // "AT+SIZE" for every piece that has a place, "AT?SIZE" for one that is compared.
  std::string bytes(std::size_t slot, std::uint64_t count) {
    std::string pieces;
    while (count > 0) {
      const auto piece = plan.on_bytes(slot, count);
      if (piece.skip + piece.size == 0) return pieces + "end";
      if (piece.size > 0)
        pieces +=
            std::to_string(piece.at) + (piece.is_compared ? "?" : "+") + std::to_string(piece.size) + " ";
      count -= piece.skip + piece.size;
    }
    return pieces;
  }
  Texts end(std::size_t slot, EndingKind kind = EndingKind::complete, const std::string& body = "") {
    return end(slot, mrf::http::Ending{kind, "connection reset"}, body);
  }
  Texts end(std::size_t slot, const mrf::http::Ending& ending, const std::string& body = "") {
    return texts([&] { return plan.on_end(slot, ending, body, output, now, std::chrono::seconds(1000)); });
  }
  void begun(bool in_order = false, const mrf::fetch::BytesThere& there = {}) {
    plan.on_begun(0, there, in_order);
  }
  // A redirection to /y, where the first response runs.
  void begin_elsewhere() {
    time();
    head(0, head_of({"HTTP/1.1 302 F", "Location: /y"}));
    end(0);
    head(0, whole("a"));
    begun();
  }
  // The first response runs, and all slots ask for a part.
  Texts parallel(bool in_order = false) {
    CHECK(time() == Texts{"start 0 http://h/x"});
    CHECK(head(0, whole("a")) == Texts{"begin 0"});
    begun(in_order);
    return time();
  }

  ObjectPlan plan;
  ObjectPlan::Time now{};
  mrf::fetch::OutputState output;

 private:
  template <typename Call>
  static Texts texts(Call call) {
    try {
      Texts list;
      for (const auto& command : call()) list.push_back(text_of(command));
      return list;
    } catch (const mrf::base::Error& error) {
      return {"fail " + std::to_string(static_cast<int>(error.status())) + " " + error.what()};
    }
  }
};

}  // namespace object_plan_bench
