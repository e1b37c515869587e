// SPDX-License-Identifier: MIT
#include "fetch/exchange.h"

#include <fmt/format.h>

#include <algorithm>

#include "fetch/redirect.h"
#include "sys/error.h"
#include "sys/message.h"

namespace mrf {

namespace {

constexpr std::size_t most_error_bytes = 64 << 10;
constexpr std::chrono::milliseconds poll_time{1000};

class Collector final : public Receiver {
 public:
  explicit Collector(BodySink& sink) : sink_(sink) {}

  bool on_head(const ResponseHead& head) override {
    answer.head = head;
    return !answer.succeeded() || sink_.accept(head);
  }
  bool on_body(std::string_view bytes) override {
    if (answer.succeeded()) return sink_.take(bytes);
    answer.body.append(bytes.substr(0, most_error_bytes - answer.body.size()));
    return answer.body.size() < most_error_bytes;
  }
  void on_end(const Ending& ending) override {
    answer.ending = ending;
    ended = true;
  }

  Answer answer;
  bool ended = false;

 private:
  BodySink& sink_;
};

Answer exchange_once(Network& network, const Request& request, BodySink& sink) {
  Collector collector(sink);
  network.start(request, collector);
  while (!collector.ended) network.poll(poll_time);
  return std::move(collector.answer);
}

}  // namespace

Answer exchange(Network& network, const Request& request, BodySink& sink) {
  Request next = request;
  for (int redirects = 0; redirects <= most_redirects; ++redirects) {
    Answer answer = exchange_once(network, next, sink);
    if (!is_redirect(answer.head.status())) return answer;
    next = follow_redirect(next, answer.head);
    note(fmt::format("'{}' redirects to '{}'", request.url.shown(), next.url.shown()));
  }
  throw Error(Status::refused, "fetch", request.url.shown(),
              fmt::format("more than {} redirections, one after the other", most_redirects));
}

}  // namespace mrf
