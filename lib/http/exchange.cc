// SPDX-License-Identifier: MIT
#include "http/exchange.h"

#include <fmt/format.h>

#include <optional>

#include "base/amounts.h"
#include "base/error.h"

namespace mrf::http {

namespace {

constexpr std::size_t most_body_bytes = 1 << 20;

class AnswerReceiver final : public Receiver {
 public:
  bool on_head(const ResponseHead& head) override {
    answer.head = head;
    return true;
  }
  bool on_body(std::string_view bytes) override {
    if (answer.body.size() + bytes.size() > most_body_bytes) return false;
    answer.body += bytes;
    return true;
  }
  void on_end(const Ending& how) override { ending = how; }

  Answer answer;
  std::optional<Ending> ending;
};

}  // namespace

Answer exchange(const NetworkOptions& options, const Request& request, std::chrono::milliseconds longest,
                const std::stop_token& stop) {
  const auto end = std::chrono::steady_clock::now() + longest;
  const auto fail = [&](const std::string& reason, base::Status status = base::Status::unavailable) {
    throw base::Error(status, "ask", request.url.shown(), reason);
  };
  AnswerReceiver receiver;
  const auto network = make_curl_network(options);
  network->start(request, receiver);
  const std::stop_callback wake(stop, [&network] { network->wake(); });
  while (!receiver.ending) {
    if (stop.stop_requested()) fail("its answer is not waited for any more");
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    if (left.count() <= 0) fail(fmt::format("no answer came in {:.1f} s", base::seconds(longest)));
    network->poll(left);
  }
  if (receiver.ending->kind == Ending::Kind::stopped)
    fail("the answer is longer than 1 MiB", base::Status::failure);
  if (receiver.ending->kind == Ending::Kind::interrupted) fail(receiver.ending->reason);
  if (receiver.ending->kind != Ending::Kind::complete) fail(receiver.ending->reason, base::Status::failure);
  return receiver.answer;
}

}  // namespace mrf::http
