// SPDX-License-Identifier: MIT
#include "store/part_sizes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "http/object_version.h"
#include "http/retry.h"
#include "http/server_reason.h"

namespace mrf::store {

namespace {

constexpr std::uint64_t most_parts = 10000;
constexpr std::uint64_t most_asked = 64;
constexpr std::size_t most_kept = 256;
constexpr int not_implemented = 501;
constexpr const char* does_not_fit = "its answer does not fit the object";

// N of "...-N", with or without quotes.
std::optional<std::uint64_t> counted_parts(std::string_view text) {
  if (text.ends_with('"')) text.remove_suffix(1);
  const auto dash = text.rfind('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto parts = http::parse_number(text.substr(dash + 1));
  return parts && *parts >= 2 && *parts <= most_parts ? parts : std::nullopt;
}

}  // namespace

void KeptPartAnswers::keep(const std::string& name, PartAnswers answers) {
  kept_.emplace_back(name, std::move(answers));
  if (kept_.size() > most_kept) kept_.pop_front();
}

PartAnswers KeptPartAnswers::take(const std::string& name, PartAnswers answers) {
  const auto place = std::find_if(kept_.begin(), kept_.end(), [&](const auto& entry) {
    return entry.first == name && entry.second.etag == answers.etag && entry.second.total == answers.total &&
           entry.second.parts == answers.parts;
  });
  if (place == kept_.end()) return answers;
  answers = std::move(place->second);
  kept_.erase(place);
  return answers;
}

std::optional<std::uint64_t> PartQuestions::parts_of(const http::ResponseHead& head) {
  const bool is_composite = http::equal_names(head.field("x-amz-checksum-type").value_or(""), "COMPOSITE");
  for (const char* name : {"x-amz-checksum-crc64nvme", "x-amz-checksum-crc32c", "x-amz-checksum-crc32",
                           "x-amz-checksum-sha256", "x-amz-checksum-sha1"}) {
    const auto value = head.field(name);
    if (value && !is_composite && !counted_parts(*value)) return std::nullopt;  // of the whole object
  }
  if (http::version_of(head).total.value_or(0) == 0) return std::nullopt;
  return counted_parts(head.field("ETag").value_or(""));
}

PartAnswers PartQuestions::no_answers(const http::ResponseHead& head, std::uint64_t parts) {
  return {parts, http::version_of(head).total.value_or(0), head.field("ETag")};
}

PartQuestions::PartQuestions(http::Network& network, PartAnswers answers,
                             std::function<http::Request(std::uint64_t)> request,
                             std::function<void()> on_answer)
    : network_(network),
      answers_(std::move(answers)),
      request_(std::move(request)),
      on_answer_(std::move(on_answer)) {}

void PartQuestions::ask_next() {
  if (is_over_ || runs_) return;
  if (answers_.sizes.empty()) {
    asked_ = 1;
  } else if (answers_.sizes.size() == 1 && answers_.last == 1) {
    asked_ = answers_.parts - 1;
  } else {
    asked_ = answers_.sizes.size() + 1;
  }
  head_ = {};
  runs_ = true;
  try {
    network_.start(request_(asked_), *this);
  } catch (...) {
    runs_ = false;
    throw;
  }
}

void PartQuestions::stop() {
  if (runs_) network_.stop(*this);
  runs_ = false;
  is_over_ = true;
}

bool PartQuestions::on_head(const http::ResponseHead& head) {
  head_ = head;
  return true;
}

void PartQuestions::on_end(const http::Ending& ending) {
  runs_ = false;
  const int status = head_.status();
  const auto count = http::parse_number(head_.field("x-amz-mp-parts-count").value_or(""));
  const bool is_success = ending.kind == http::Ending::Kind::complete && (status == 200 || status == 206);
  const bool is_same = head_.field("ETag") == answers_.etag;
  const auto place = is_success && is_same && count == answers_.parts ? place_of_part() : std::nullopt;
  if (place) {
    take(place->first, place->second);
  } else if (is_success) {
    is_in_doubt_ = !is_same || answers_.last > 0;
    end(does_not_fit);
  } else {
    take_refusal(ending);
  }
  on_answer_();
}

// A store that does not know the question may say 501, and will always say that.
void PartQuestions::take_refusal(const http::Ending& ending) {
  using Kind = http::Ending::Kind;
  const int status = head_.status();
  const bool has_status = status != 0 && (ending.kind == Kind::complete || ending.kind == Kind::stopped);
  const bool is_interrupted = ending.kind == Kind::interrupted || ending.kind == Kind::failed ||
                              (has_status && http::is_transient(status) && status != not_implemented);
  if (is_interrupted) {
    interrupt(has_status, ending);
    return;
  }
  is_in_doubt_ = has_status && answers_.last > 0;
  end(has_status ? http::server_reason(head_, "") : ending.reason);
}

void PartQuestions::interrupt(bool has_status, const http::Ending& ending) {
  const std::string question = ", when asked for the size of a part";
  auto& [head, end_of_request] = interruption_.emplace();
  if (has_status) {
    head.add_line(fmt::format("HTTP/1.1 {} {}{}", head_.status(), head_.reason(), question));
    if (const auto wait = head_.field("Retry-After")) head.add_field("Retry-After", *wait);
  } else {
    end_of_request = {ending.kind, ending.reason + question};
  }
  end_of_request.has_news = has_new_answers_;
  is_over_ = true;
}

// The sizes stay unknown.
void PartQuestions::end(const std::string& fault) {
  fault_ = fault;
  is_over_ = true;
}

// Not every store sends Content-Range beside the length of the part; then it is where it should be.
std::optional<std::pair<std::uint64_t, std::uint64_t>> PartQuestions::place_of_part() const {
  if (const auto range = head_.content_range()) {
    if (!range->satisfied || range->total != answers_.total) return std::nullopt;
    return std::pair{range->first, range->last + 1};
  }
  const auto length = head_.content_length();
  if (!length) return std::nullopt;
  std::uint64_t begin = 0;
  for (const auto size : answers_.sizes) begin += size;
  if (answers_.sizes.size() == 1) begin = (asked_ - 1) * answers_.sizes[0];
  return std::pair{begin, begin + *length};
}

void PartQuestions::take(std::uint64_t begin, std::uint64_t end_of_part) {
  auto& sizes = answers_.sizes;
  const std::uint64_t parts = answers_.parts;
  const std::uint64_t total = answers_.total;
  answers_.last = asked_;
  has_new_answers_ = true;
  if (asked_ == 1) {
    if (begin != 0 || end_of_part >= total) {
      end(does_not_fit);
      return;
    }
    sizes.push_back(end_of_part);
    answers_.are_equal = is_over_ = parts == 2;
    return;
  }
  if (sizes.size() == 1 && asked_ == parts - 1 && begin == (parts - 2) * sizes[0] &&
      end_of_part - begin == sizes[0]) {
    answers_.are_equal = is_over_ = true;
    return;
  }
  if (asked_ != sizes.size() + 1) {  // the last but one differs
    if (parts > most_asked) end(fmt::format("its {} parts have different sizes", parts));
    return;
  }
  std::uint64_t sum = 0;
  for (const auto size : sizes) sum += size;
  if (begin != sum || end_of_part >= total) {
    end(does_not_fit);
    return;
  }
  sizes.push_back(end_of_part - begin);
  if (sizes.size() + 1 == parts) {
    sizes.push_back(total - end_of_part);
    is_over_ = true;
  }
}

std::string PartQuestions::sizes() const {
  if (!is_over_ || interruption_ || !fault_.empty()) return "";
  const auto& sizes = answers_.sizes;
  if (sizes.empty() || (!answers_.are_equal && sizes.size() != answers_.parts)) return "";
  if (answers_.are_equal) return std::to_string(sizes[0]);
  std::string text;
  for (const auto size : sizes) text += (text.empty() ? "" : ",") + std::to_string(size);
  return text;
}

}  // namespace mrf::store
