// SPDX-License-Identifier: MIT
#include "store/part_sizes.h"

#include <array>
#include <utility>

#include "http/object_version.h"

namespace mrf::store {

namespace {

constexpr std::uint64_t most_parts = 10000;
constexpr std::uint64_t most_asked = 64;

// N of "...-N", with or without quotes.
std::optional<std::uint64_t> counted_parts(std::string_view text) {
  if (text.ends_with('"')) text.remove_suffix(1);
  const auto dash = text.rfind('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto parts = http::parse_number(text.substr(dash + 1));
  return parts && *parts >= 2 && *parts <= most_parts ? parts : std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> PartQuestions::parts_of(const http::ResponseHead& head) {
  const bool is_composite = http::equal_names(head.field("x-amz-checksum-type").value_or(""), "COMPOSITE");
  for (const char* name : {"x-amz-checksum-crc64nvme", "x-amz-checksum-crc32c", "x-amz-checksum-crc32",
                           "x-amz-checksum-sha256", "x-amz-checksum-sha1"}) {
    const auto value = head.field(name);
    if (value && !is_composite && !counted_parts(*value)) return std::nullopt;  // of the whole object
  }
  if (!http::version_of(head).total) return std::nullopt;
  return counted_parts(head.field("ETag").value_or(""));
}

PartQuestions::PartQuestions(http::Network& network, const http::ResponseHead& head, std::uint64_t parts,
                             std::function<http::Request(std::uint64_t)> request,
                             std::function<void()> on_answer)
    : network_(network),
      parts_(parts),
      total_(http::version_of(head).total.value_or(0)),
      etag_(head.field("ETag")),
      request_(std::move(request)),
      on_answer_(std::move(on_answer)) {}

void PartQuestions::ask_next() {
  if (is_over_ || runs_) return;
  if (sizes_.empty()) {
    asked_ = 1;
  } else if (sizes_.size() == 1 && asked_ == 1) {
    asked_ = parts_ - 1;
  } else {
    asked_ = sizes_.size() + 1;
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
  const bool is_answer = ending.kind == http::Ending::Kind::complete && (status == 200 || status == 206) &&
                         count == parts_ && head_.field("ETag") == etag_;
  const auto place = is_answer ? place_of_part() : std::nullopt;
  if (place) {
    take(place->first, place->second);
  } else {
    sizes_.clear();
    are_equal_ = false;
    is_over_ = true;
  }
  on_answer_();
}

// Not every store sends Content-Range beside the length of the part; then it is where it should be.
std::optional<std::pair<std::uint64_t, std::uint64_t>> PartQuestions::place_of_part() const {
  if (const auto range = head_.content_range()) {
    if (!range->satisfied || range->total != total_) return std::nullopt;
    return std::pair{range->first, range->last + 1};
  }
  const auto length = head_.content_length();
  if (!length) return std::nullopt;
  std::uint64_t begin = 0;
  for (const auto size : sizes_) begin += size;
  if (sizes_.size() == 1) begin = (asked_ - 1) * sizes_[0];
  return std::pair{begin, begin + *length};
}

void PartQuestions::take(std::uint64_t begin, std::uint64_t end) {
  if (asked_ == 1) {
    if (begin != 0 || end >= total_) {
      is_over_ = true;
      return;
    }
    sizes_.push_back(end);
    are_equal_ = is_over_ = parts_ == 2;
    return;
  }
  if (sizes_.size() == 1 && asked_ == parts_ - 1 && begin == (parts_ - 2) * sizes_[0] &&
      end - begin == sizes_[0]) {
    are_equal_ = is_over_ = true;
    return;
  }
  if (asked_ != sizes_.size() + 1) {  // the last but one differs
    if (parts_ > most_asked) {
      sizes_.clear();
      is_over_ = true;
    }
    return;
  }
  std::uint64_t sum = 0;
  for (const auto size : sizes_) sum += size;
  if (begin != sum || end >= total_) {
    sizes_.clear();
    is_over_ = true;
    return;
  }
  sizes_.push_back(end - begin);
  if (sizes_.size() + 1 == parts_) {
    sizes_.push_back(total_ - end);
    is_over_ = true;
  }
}

std::string PartQuestions::sizes() const {
  if (!is_over_ || sizes_.empty() || (!are_equal_ && sizes_.size() != parts_)) return "";
  if (are_equal_) return std::to_string(sizes_[0]);
  std::string text;
  for (const auto size : sizes_) text += (text.empty() ? "" : ",") + std::to_string(size);
  return text;
}

}  // namespace mrf::store
