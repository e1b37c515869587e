// SPDX-License-Identifier: MIT
#include "store/store_network.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/environment.h"
#include "base/error.h"
#include "base/message.h"
#include "http/header_lines.h"
#include "http/object_version.h"
#include "http/redirect.h"
#include "store/drs.h"
#include "store/gcs.h"
#include "store/part_sizes.h"

namespace mrf::store {

namespace {

constexpr std::size_t most_refusal_bytes = 64 << 10;
constexpr std::size_t most_answer_bytes = 4 << 20;
constexpr std::size_t most_places = 256;
constexpr unsigned most_attempts = 5;

// Whether a place that was good once may have expired. Google Cloud Storage says 400.
bool is_refusal(int status) {
  return status == 400 || status == 401 || status == 403 || status == 404 || status == 410;
}

// Where the bytes of a DRS object are, and what is known of them.
struct Place {
  http::Url url;
  std::vector<std::string> headers;
  std::string checksums;
  std::string name;
  std::optional<std::uint64_t> size;
};

class StoreNetwork;

// One request by name, and the transfers that carry it out, one after the other.
class Relay final : public http::Receiver {
 public:
  Relay(StoreNetwork& network, http::Request named, http::Receiver& receiver)
      : network_(network), named_(std::move(named)), receiver_(receiver) {}

  void begin();
  /// The same of a request that has waited for the look, though not for its success.
  void begin_after_look();
  /// Does what on_head() and on_end() have left to be done when no transfer is at work.
  void go_on();
  /// Whether the look for AWS credentials that it waits for is not over.
  bool waits() const;
  void stop(bool closes = false);
  bool is_over() const { return is_over_; }

  bool on_head(const http::ResponseHead& head) override;
  bool on_body(std::string_view bytes) override;
  bool has_room(std::size_t bytes) override;
  void on_end(const http::Ending& ending) override;

 private:
  enum class Step { object, access, data };
  enum class Next { none, again, access, place, data, renewed, redirection, parts, once_more, interrupted };

  bool is_by_name() const { return named_.url.is_name(); }
  http::Request question(const std::string& access) const;
  http::Request as_named(http::Request wanted) const;
  void start_data();
  void start(http::Request request, Step step);
  bool is_asking() const { return step_ != Step::data; }
  void plan(Next next);
  void end(const http::Ending& ending);
  void fail(http::Ending::Kind kind, const std::string& reason) { end({kind, reason}); }
  void fail(const base::Error& error);
  void take_answer();
  void take_object();
  void take_access();
  void take_refusal(const http::Ending& ending);
  Next after_refusal();
  bool may_ask_again();
  void forward_refusal(const http::Ending& ending);
  bool take_data(const http::ResponseHead& head);
  bool release_head();
  void on_parts();
  void end_by_question();

  StoreNetwork& network_;
  http::Request named_;
  http::Receiver& receiver_;
  http::Request wanted_ = named_;  ///< named_, or the place that DRS names
  http::Request asked_ = named_;   ///< what is sent for it
  Step step_ = Step::data;
  Next next_ = Next::none;
  S3::Look look_ = 0;  ///< that is awaited before that
  DrsObject object_{};
  std::shared_ptr<const Place> place_{};
  bool is_place_old_ = false;  ///< of an earlier request
  unsigned attempts_ = 1;
  bool is_noted_ = false;
  int redirects_ = 0;
  http::ResponseHead head_{};
  std::string body_{};                        ///< of an answer or a refusal
  std::optional<std::uint64_t> counts_to_{};  ///< bytes of a response that does not say its own length
  std::uint64_t counted_ = 0;
  std::string fault_{};
  std::unique_ptr<PartQuestions> parts_{};  ///< of an upload in parts, while its head is held back
  bool is_held_ = false;
  bool was_in_doubt_ = false;  ///< and has been asked for once more
  bool runs_ = false;
  bool is_over_ = false;
};

class StoreNetwork final : public http::Network {
 public:
  StoreNetwork(std::unique_ptr<http::Network> inner, Ask ask, const StoreOptions& options)
      : inner_(std::move(inner)), ask_(std::move(ask)), options_(options) {}
  ~StoreNetwork() override {
    for (auto& [receiver, relay] : relays_) relay->stop();
  }
  StoreNetwork(const StoreNetwork&) = delete;
  StoreNetwork& operator=(const StoreNetwork&) = delete;

  void start(const http::Request& request, http::Receiver& receiver) override {
    if (!request.url.is_name() && !takes_token(request)) {
      inner_->start(request, receiver);
      return;
    }
    auto& relay = relays_[&receiver];
    if (relay) forget(*relay);  // its open questions are of no use
    relay = std::make_unique<Relay>(*this, request, receiver);
    try {
      request.waited_for == 0 ? relay->begin() : relay->begin_after_look();
    } catch (...) {
      forget(*relay);
      relays_.erase(&receiver);
      throw;
    }
  }

  std::uint64_t awaited(const http::Request& request) override {
    return request.url.scheme() == "s3" ? s3().awaited(request) : 0;
  }
  bool is_over(std::uint64_t awaited) const override { return awaited == 0 || s3_->is_over(awaited); }

  int poll(std::chrono::milliseconds longest) override {
    if (const auto next = s3_ ? s3_->next_time() : std::nullopt)
      longest = std::min(longest, std::chrono::ceil<std::chrono::milliseconds>(
                                      std::max(*next - std::chrono::steady_clock::now(), {})));
    const int running = inner_->poll(due_.empty() ? longest : std::chrono::milliseconds(0));
    if (s3_ && s3_->poll()) end_waits();
    const auto due = std::exchange(due_, {});
    for (Relay* relay : due) relay->go_on();
    std::erase_if(relays_, [](const auto& entry) {
      if (entry.second->is_over()) entry.second->stop();
      return entry.second->is_over();
    });
    return running + static_cast<int>(due.size() + waiting_.size());
  }

  bool has_waited() const override { return inner_->has_waited(); }

  void stop(http::Receiver& receiver) override { end(receiver, false); }
  void stop_and_close(http::Receiver& receiver) override { end(receiver, true); }

  void wake() override { inner_->wake(); }

  void end(http::Receiver& receiver, bool closes) {
    const auto place = relays_.find(&receiver);
    if (place == relays_.end()) {
      closes ? inner_->stop_and_close(receiver) : inner_->stop(receiver);
      return;
    }
    forget(*place->second, closes);
    relays_.erase(place);
  }

  http::Network& inner() { return *inner_; }
  BearerFile* bearer() { return options_.bearer.get(); }
  KeptPartAnswers& part_answers() { return part_answers_; }
  S3& s3() {
    if (!s3_) s3_.emplace(options_.s3, ask_, [this] { inner_->wake(); });
    return *s3_;
  }
  // Of what all requests to one host lack, only the first warning is of use.
  void warn_once(const http::Url& named, const char* what, const std::string& text) {
    if (warned_.insert({named.origin(), what}).second) base::warn(text);
  }
  // Not from within poll() can transfers be started, nor while their credentials are looked for.
  void go_on_later(Relay& relay) {
    (relay.waits() ? waiting_ : due_).push_back(&relay);
    inner_->wake();
  }

  bool takes_token(const http::Request& request) const {
    return options_.bearer && request.is_trusted && !request.url.is_ftp() &&
           request.url.credentials().empty() && !http::has_header(request.headers, "Authorization");
  }

  std::shared_ptr<const Place> place_of(const std::string& name) const {
    const auto found = places_.find(name);
    return found == places_.end() ? nullptr : found->second;
  }
  void forget_place(const std::string& name, const std::shared_ptr<const Place>& place) {
    if (place_of(name) != place) return;
    places_.erase(name);
    std::erase(names_, name);
  }
  void keep_place(const std::string& name, std::shared_ptr<const Place> place) {
    if (!places_.contains(name)) names_.push_back(name);
    places_[name] = std::move(place);
    if (names_.size() <= most_places) return;
    places_.erase(names_.front());
    names_.pop_front();
  }

 private:
  void end_waits() {
    const auto over = std::stable_partition(waiting_.begin(), waiting_.end(),
                                            [](const Relay* relay) { return relay->waits(); });
    due_.insert(due_.end(), over, waiting_.end());
    waiting_.erase(over, waiting_.end());
  }
  // Stops it, and nothing is left for it to do.
  void forget(Relay& relay, bool closes = false) {
    relay.stop(closes);
    std::erase(due_, &relay);
    std::erase(waiting_, &relay);
  }

  std::unique_ptr<http::Network> inner_;
  Ask ask_;
  StoreOptions options_;
  std::optional<S3> s3_;
  std::map<http::Receiver*, std::unique_ptr<Relay>> relays_;
  std::vector<Relay*> due_;
  std::vector<Relay*> waiting_;                                 ///< for looks for AWS credentials
  std::map<std::string, std::shared_ptr<const Place>> places_;  ///< of DRS objects, by their names
  std::deque<std::string> names_;                               ///< of places_, the oldest first
  KeptPartAnswers part_answers_;
  std::set<std::pair<std::string, std::string>> warned_;  ///< of which host, and of what
};

bool Relay::waits() const { return look_ != 0 && !network_.s3().is_over(look_); }

void Relay::begin() {
  wanted_ = named_;
  if (named_.url.scheme() != "drs") {
    start_data();
    return;
  }
  place_ = network_.place_of(named_.url.text());
  is_place_old_ = place_ != nullptr;
  if (place_) {
    wanted_ = http::sent_elsewhere(named_, place_->url);
    wanted_.headers.insert(wanted_.headers.end(), place_->headers.begin(), place_->headers.end());
    start_data();
    return;
  }
  start(question(""), Step::object);
}

void Relay::begin_after_look() {
  look_ = named_.waited_for;
  plan(Next::data);
}

// What the DRS server is asked for the object, or for an access of it.
http::Request Relay::question(const std::string& access) const {
  http::Request question = named_;
  question.url = drs_url(named_.url, access);
  std::erase_if(question.headers, [](const auto& line) {
    return http::is_named(line, "Range") || http::is_named(line, "If-Match") ||
           http::is_named(line, "Accept-Encoding");
  });
  if (!http::has_header(question.headers, "Accept"))
    question.headers.emplace_back("Accept: application/json");
  if (network_.takes_token(question)) question.headers.push_back(network_.bearer()->header());
  return question;
}

// An object of a bucket that a DRS object leads to is the user's choice when the DRS object is.
http::Request Relay::as_named(http::Request wanted) const {
  wanted.is_trusted = named_.is_trusted;
  return wanted;
}

void Relay::start_data() {
  const std::string& scheme = wanted_.url.scheme();
  if (scheme == "s3" && look_ == 0) {
    look_ = network_.s3().awaited(as_named(wanted_));
    if (waits()) {
      plan(Next::data);
      return;
    }
  }
  look_ = 0;
  http::Request request = scheme == "s3"   ? network_.s3().request(as_named(wanted_))
                          : scheme == "gs" ? gcs_request(as_named(wanted_), network_.bearer())
                                           : wanted_;
  if (!is_by_name() && network_.takes_token(request)) request.headers.push_back(network_.bearer()->header());
  if (is_by_name() && !std::exchange(is_noted_, true) && !http::has_header(named_.headers, "Range"))
    base::note(fmt::format("'{}' is asked for at '{}'", named_.url.shown(), request.url.shown()));
  start(std::move(request), Step::data);
}

void Relay::start(http::Request request, Step step) {
  step_ = step;
  asked_ = std::move(request);
  head_ = {};
  body_.clear();
  counts_to_.reset();
  counted_ = 0;
  is_held_ = false;
  runs_ = true;
  try {
    network_.inner().start(asked_, *this);
  } catch (...) {
    runs_ = false;
    throw;
  }
}

void Relay::stop(bool closes) {
  if (runs_) closes ? network_.inner().stop_and_close(*this) : network_.inner().stop(*this);
  if (parts_) parts_->stop();
  runs_ = false;
}

void Relay::plan(Next next) {
  next_ = next;
  network_.go_on_later(*this);
}

void Relay::end(const http::Ending& ending) {
  is_over_ = true;
  receiver_.on_end(ending);
}

// An error of what has to come before the data, such as credentials.
void Relay::fail(const base::Error& error) {
  using Kind = http::Ending::Kind;
  switch (error.status()) {
    case base::Status::unavailable:
      return fail(Kind::interrupted, error.what());
    case base::Status::refused:
      return fail(Kind::refused, error.what());
    default:
      return fail(Kind::failed, error.what());
  }
}

void Relay::go_on() {
  if (is_over_) return;
  try {
    switch (std::exchange(next_, Next::none)) {
      case Next::none:
        return;
      case Next::again:
        ++attempts_;
        begin();
        return;
      case Next::place:
        begin();
        is_place_old_ = false;
        return;
      case Next::data:
        start_data();
        return;
      case Next::renewed:
        look_ = 0;
        if (network_.s3().has_renewed(asked_)) {
          ++attempts_;
          begin();
        } else {
          forward_refusal({});
        }
        return;
      case Next::access:
        start(question(object_.accesses.front().id), Step::access);
        return;
      case Next::redirection:
        start(http::follow_redirect(asked_, head_), step_);
        return;
      case Next::parts:
        parts_->ask_next();
        return;
      case Next::once_more:
        stop();
        begin();
        return;
      case Next::interrupted:
        end_by_question();
        return;
    }
  } catch (const base::Error& error) {
    stop();
    fail(error);
  }
}

// A question for the size of a part has no answer yet: so ends the request, which may be made again.
void Relay::end_by_question() {
  stop();
  if (parts_->answers().last > 0) network_.part_answers().keep(wanted_.url.text(), parts_->answers());
  head_ = parts_->interruption()->head;
  if (head_.status() == 0) {
    end(parts_->interruption()->ending);
  } else {
    forward_refusal(parts_->interruption()->ending);
  }
}

bool Relay::on_head(const http::ResponseHead& head) {
  head_ = head;
  for (const char* ours : {"DRS-Checksum", "S3-Part-Sizes", "S3-Part-Sizes-Fault"}) head_.remove_fields(ours);
  if (is_asking() || head.status() >= 300) return true;
  return take_data(head);
}

bool Relay::take_data(const http::ResponseHead& head) {
  if (place_) {
    const auto total = http::version_of(head).total;
    if (place_->size && total && *total != *place_->size) {
      fault_ = fmt::format("the DRS object has {} bytes, the server sends one of {}", *place_->size, *total);
      return false;
    }
    if (!total && head.status() == 200) counts_to_ = place_->size;
    if (!place_->checksums.empty()) head_.add_field("DRS-Checksum", place_->checksums);
    if (!place_->name.empty() && !head.field("Content-Disposition"))
      head_.add_field("Content-Disposition", place_->name);
  }
  if (wanted_.url.scheme() == "s3" && named_.needs_checksum && !head_.field("DRS-Checksum") &&
      !http::has_header(named_.headers, "Range")) {
    if (const auto count = PartQuestions::parts_of(head)) {
      parts_ = std::make_unique<PartQuestions>(
          network_.inner(),
          network_.part_answers().take(wanted_.url.text(), PartQuestions::no_answers(head, *count)),
          [this](std::uint64_t part) { return network_.s3().part_request(as_named(wanted_), part); },
          [this] { on_parts(); });
      is_held_ = true;
      plan(Next::parts);
      return true;
    }
  }
  return receiver_.on_head(head_);
}

// The answer to one question has come, or no question is left.
void Relay::on_parts() {
  if (!parts_->is_over()) {
    plan(Next::parts);
  } else if (parts_->interruption() != nullptr) {
    plan(Next::interrupted);
  } else if (parts_->is_in_doubt() && !std::exchange(was_in_doubt_, true)) {
    plan(Next::once_more);
  } else if (const std::string sizes = parts_->sizes(); !sizes.empty()) {
    head_.add_field("S3-Part-Sizes", sizes);
  } else {
    head_.add_field("S3-Part-Sizes-Fault", parts_->fault());
  }
}

bool Relay::release_head() {
  if (!std::exchange(is_held_, false)) return true;
  return receiver_.on_head(head_);
}

bool Relay::has_room(std::size_t bytes) {
  if (is_asking() || head_.status() >= 300) return true;
  if (is_held_) return parts_->is_over() && next_ == Next::none;
  return receiver_.has_room(bytes);
}

bool Relay::on_body(std::string_view bytes) {
  if (is_asking() || head_.status() >= 300) {
    const std::size_t most = is_asking() && head_.is_success() ? most_answer_bytes : most_refusal_bytes;
    if (body_.size() + bytes.size() > most) return false;
    body_ += bytes;
    return true;
  }
  counted_ += bytes.size();
  if (counts_to_ && counted_ > *counts_to_) {
    fault_ = fmt::format("the DRS object has {} bytes, the server sends more", *counts_to_);
    return false;
  }
  return release_head() && receiver_.on_body(bytes);
}

void Relay::on_end(const http::Ending& ending) {
  runs_ = false;
  if (!fault_.empty()) {
    fail(http::Ending::Kind::malformed, fault_);
    return;
  }
  const bool has_answer = ending.kind == http::Ending::Kind::complete && head_.status() >= 200;
  if (has_answer && is_asking() && head_.is_success()) {
    take_answer();
    return;
  }
  const bool is_cut = ending.kind == http::Ending::Kind::stopped;
  if ((has_answer || is_cut) && head_.status() >= 300) {
    take_refusal({});
    return;
  }
  if (is_cut && is_asking()) {
    fail(http::Ending::Kind::malformed, "the DRS server's answer is too long");
    return;
  }
  if (ending.kind == http::Ending::Kind::complete && counts_to_ && counted_ < *counts_to_) {
    fail(http::Ending::Kind::malformed,
         fmt::format("the DRS object has {} bytes, the server sends {}", *counts_to_, counted_));
    return;
  }
  if (ending.kind == http::Ending::Kind::complete && !release_head()) {
    end({http::Ending::Kind::stopped, ""});
    return;
  }
  end(ending);
}

void Relay::take_answer() {
  if (head_.status() == 202) {  // the server is preparing the object (DRS 1.0, "Retry-After")
    http::ResponseHead later;
    later.add_line("HTTP/1.1 503 the server is preparing the object");
    if (const auto wait = head_.field("Retry-After")) later.add_field("Retry-After", *wait);
    head_ = later;
    forward_refusal({});
    return;
  }
  try {
    if (step_ == Step::object) {
      take_object();
    } else {
      take_access();
    }
  } catch (const base::DataError& error) {
    fail(http::Ending::Kind::malformed, error.what());
  } catch (const base::Error& error) {
    fail(http::Ending::Kind::refused, error.what());
  }
}

void Relay::take_object() {
  object_ = parse_drs_object(body_, asked_.url.shown());
  if (object_.contents > 0) {
    fail(http::Ending::Kind::refused,
         fmt::format("it is a bundle of {} objects; fetch each by its own name", object_.contents));
  } else if (object_.accesses.empty()) {
    fail(http::Ending::Kind::refused,
         object_.has_plain_access
             ? "the DRS server names only an access by http, which is not followed from https"
             : "the DRS server names no access by https, s3, gs or ftp");
  } else if (object_.accesses.front().url.empty()) {
    plan(Next::access);
  } else {
    take_access();
  }
}

// The place of an access that the object has, or that was asked for.
void Relay::take_access() {
  const DrsAccess access =
      step_ == Step::access ? parse_drs_access(body_, asked_.url.shown()) : object_.accesses.front();
  std::optional<http::Url> url;
  try {
    url = http::Url::parse(access.url);
  } catch (const base::UsageError& error) {
    throw base::DataError("use DRS object", asked_.url.shown(), error.what());
  }
  if (url->scheme() == "http")
    throw base::Error(base::Status::refused, "follow", url->shown(), "it leads from https to http");
  if (url->scheme() == "drs")
    throw base::Error(base::Status::refused, "follow", url->shown(), "it leads to another DRS object");
  const auto value_of = [](const std::string& line) {
    return line.substr(std::min(line.find(": ") + 2, line.size()));
  };
  const std::string checksums = drs_checksum_field(object_);
  const std::string name = drs_name_field(object_);
  network_.keep_place(
      named_.url.text(),
      std::make_shared<const Place>(Place{*url, access.headers, checksums.empty() ? "" : value_of(checksums),
                                          name.empty() ? "" : value_of(name), object_.size}));
  plan(Next::place);
}

void Relay::take_refusal(const http::Ending& ending) {
  Next next = Next::none;
  try {
    next = after_refusal();
  } catch (const base::Error& error) {
    fail(error);
    return;
  }
  if (next == Next::none) {
    forward_refusal(ending);
  } else {
    plan(next);
  }
}

// What to do after a refusal that may help. Throws Error.
Relay::Next Relay::after_refusal() {
  const bool is_data = !is_asking() && is_by_name();
  if (attempts_ < most_attempts && is_data && wanted_.url.scheme() == "s3") {
    if (network_.s3().learn(wanted_, asked_, head_, body_)) return Next::again;
    if (const auto look = network_.s3().renew(asked_, head_, body_)) {
      look_ = *look;
      return Next::renewed;
    }
  }
  if (is_by_name() && http::is_redirect(head_.status()))
    return ++redirects_ <= http::most_redirects ? Next::redirection : Next::none;
  return attempts_ < most_attempts && may_ask_again() ? Next::again : Next::none;
}

bool Relay::may_ask_again() {
  if (!is_refusal(head_.status())) return false;
  if (!is_asking() && place_ && is_place_old_) {
    network_.forget_place(named_.url.text(), place_);
    return true;
  }
  BearerFile* const bearer = network_.bearer();
  if (head_.status() != 401 || bearer == nullptr || http::has_header(named_.headers, "Authorization"))
    return false;
  if (wanted_.url.scheme() == "gs" && !base::environment("GCS_OAUTH_TOKEN").empty()) return false;
  const auto& lines = asked_.headers;
  const auto is_token = [](const std::string& line) { return line.starts_with("Authorization: Bearer "); };
  const auto sent = std::find_if(lines.begin(), lines.end(), is_token);
  return sent != lines.end() && (*sent != bearer->header() || (bearer->renew() && *sent != bearer->header()));
}

void Relay::forward_refusal(const http::Ending& ending) {
  const bool is_unknown_user = head_.status() == 401 || head_.status() == 403;
  const auto warn = [this](const char* what, const std::string& text) {
    network_.warn_once(named_.url, what, text);
  };
  if (is_unknown_user && wanted_.url.scheme() == "s3" && !is_asking() && network_.s3().is_unsigned()) {
    warn("signature",
         fmt::format("the request for '{}' is not signed, because of --no-sign-request; leave that away "
                     "when the object is not public{}",
                     named_.url.shown(),
                     named_.is_trusted ? "" : ", and have the list that names it in a file"));
  } else if (is_by_name() && is_unknown_user && !named_.is_trusted) {
    warn("trust",
         fmt::format("no credentials are sent for '{}', since only a list on another host names it; a list "
                     "in a file counts as yours",
                     named_.url.shown()));
  } else if (wanted_.url.scheme() == "s3" && !is_asking() && is_unknown_user &&
             network_.s3().lacks_credentials()) {
    warn("credentials",
         fmt::format(
             "cannot sign the request for '{}': no AWS credentials are found in the environment, a profile, "
             "a container or an instance",
             named_.url.shown()));
  }
  is_over_ = true;
  if (receiver_.on_head(head_) && !body_.empty()) (void)receiver_.on_body(body_);
  receiver_.on_end(ending);
}

}  // namespace

std::unique_ptr<http::Network> make_store_network(std::unique_ptr<http::Network> inner, Ask ask,
                                                  const StoreOptions& options) {
  return std::make_unique<StoreNetwork>(std::move(inner), std::move(ask), options);
}

std::unique_ptr<http::Network> make_store_network(const http::NetworkOptions& network,
                                                  const StoreOptions& options) {
  http::NetworkOptions short_ones = network;
  short_ones.netrc = false;
  short_ones.connect_timeout = std::chrono::seconds(2);
  return make_store_network(
      http::make_curl_network(network),
      [short_ones](const http::Request& request, std::chrono::milliseconds longest,
                   const std::stop_token& stop) {
        return http::exchange(short_ones, request, longest, stop);
      },
      options);
}

}  // namespace mrf::store
