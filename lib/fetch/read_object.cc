// SPDX-License-Identifier: MIT
#include "base/error.h"
#include "fetch/object_stream.h"
#include "fetch/ordered_output.h"

namespace mrf::fetch {

namespace {

using Taker = std::function<void(std::uint64_t, std::string_view)>;

// Nothing is kept, so nothing can be read again.
class LooseOutput final : public ObjectOutput, private ByteAccess {
 public:
  LooseOutput(const Taker& take, Checks& checks, std::string object)
      : take_(take), checks_(checks), object_(std::move(object)) {}

  std::vector<ByteRange> begin(const http::ResponseHead& head, const http::ObjectVersion& version) override {
    checks_.begin(head, version.total, object_, {*this, true, [] {}});
    if (checks_.reads_again()) checks_.forget();
    return {};
  }
  bool in_order() const override { return false; }
  bool has_room(std::uint64_t, std::uint64_t) const override { return true; }
  void wait_for_room() override {}
  void take(std::uint64_t at, std::string_view bytes) override {
    take_(at, bytes);
    checks_.add(at, bytes);
  }
  bool can_forget() const override { return checks_.bytes() == 0; }
  void forget(base::Status status, const std::string& reason) override {
    if (checks_.bytes() > 0)
      throw base::Error(status, "fetch", object_, reason + " after some of it was read");
    checks_.forget();
  }
  void finish() override { checks_.verify(); }

 private:
  std::string_view view(std::uint64_t, std::span<char>) override { return {}; }

  const Taker& take_;
  Checks& checks_;
  std::string object_;
};

void run(const FetchSettings& settings, const http::Url& url, ObjectOutput& output) {
  NetworkMaker more;
  if (settings.threads) more = [&settings] { return http::make_curl_network(settings.network); };
  const auto network = http::make_curl_network(settings.network);
  Download(*network, more, http::system_clock(), url, settings.requests, settings.sizes).run(output);
}

}  // namespace

void read_in_order(const FetchSettings& settings, const http::Url& url,
                   const std::function<void(std::string_view)>& take) {
  Checks checks(settings.checks);
  OrderedOutput output(take, "its reader", static_cast<std::size_t>(settings.buffer), checks, url.shown());
  run(settings, url, output);
}

void read_in_any_order(const FetchSettings& settings, const http::Url& url, const Taker& take) {
  Checks checks(settings.checks);
  LooseOutput output(take, checks, url.shown());
  run(settings, url, output);
}

}  // namespace mrf::fetch
