// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/error.h"
#include "record/framer.h"
#include "record/header.h"
#include "record/scan.h"

namespace mrf::record {

namespace {

class DelimitedFramer : public Framer {
 public:
  DelimitedFramer(char delimiter, std::uint64_t count, std::string name)
      : delimiter_(delimiter), count_(count), name_(std::move(name)) {}

  Span take(std::string_view bytes, std::uint64_t max_records) override {
    if (bytes.size() < scanned_) return {};
    const auto all = std::numeric_limits<std::uint64_t>::max();
    const std::uint64_t wanted = max_records > all / count_ ? all : max_records * count_;
    const Ends found = find_ends(bytes.substr(scanned_), delimiter_, wanted - ends_);
    const std::size_t last = found.count == 0 ? scanned_ : scanned_ + found.end;
    ends_ += found.count;
    const std::size_t seen = ends_ == wanted ? last : bytes.size();
    return leave(bytes, last, seen);
  }

  // A byte stays, so that the tail of the input is not empty inside a record.
  std::size_t take_part(std::string_view bytes) override {
    scanned_ = 1;
    return bytes.size() - 1;
  }

  std::string_view complete(std::string_view tail) override {
    if (ends_ + 1 == count_ && tail.back() != delimiter_) return {&delimiter_, 1};
    throw base::DataError("read", name_,
                          fmt::format("the last record has {} lines of {}",
                                      ends_ + (tail.back() != delimiter_ ? 1 : 0), count_));
  }

 private:
  // `bytes` holds ends_ ends, the last at `last`, and is known up to `seen`: whole records go, the rest
  // stays.
  Span leave(std::string_view bytes, std::size_t last, std::size_t seen) {
    const std::uint64_t records = ends_ / count_;
    if (records == 0) {
      scanned_ = seen;
      return {};
    }
    ends_ %= count_;
    std::size_t taken = last;
    for (std::uint64_t i = 0; i < ends_; ++i) taken = last_end(bytes.substr(0, taken - 1), delimiter_);
    scanned_ = seen - taken;
    return {taken, records};
  }

  const char delimiter_;
  const std::uint64_t count_;
  const std::string name_;
  std::size_t scanned_ = 0;
  std::uint64_t ends_ = 0;
};

// Lines, of which each may hold any bytes, but whose first one is not '@'.
class SamFramer : public Framer {
 public:
  explicit SamFramer(const std::string& name) : name_(name), lines_('\n', 1, name) {}

  Span take(std::string_view bytes, std::uint64_t max_records) override {
    const Span span = lines_.take(bytes, max_records);
    if (span.records == 0) return span;
    check(bytes.substr(0, span.bytes));
    inside_ = false;
    number_ += span.records;
    return span;
  }

  std::size_t take_part(std::string_view bytes) override {
    check(bytes);
    inside_ = true;
    return lines_.take_part(bytes);
  }

  std::string_view complete(std::string_view tail) override {
    check(tail);
    return lines_.complete(tail);
  }

 private:
  // `records` are whole, or the front of one.
  void check(std::string_view records) const {
    std::size_t at = !inside_ && records.starts_with('@') ? 0 : find_pair(records, '\n', '@', 0);
    if (at == std::string_view::npos) return;
    if (records[at] == '\n') ++at;
    const auto before = static_cast<std::uint64_t>(std::count(records.data(), records.data() + at, '\n'));
    refuse_header_line(records.substr(at), number_ + before, name_);
  }

  const std::string name_;
  DelimitedFramer lines_;
  std::uint64_t number_ = 1;
  bool inside_ = false;
};

}  // namespace

std::unique_ptr<Framer> make_delimited_framer(char delimiter, std::uint64_t count, std::string input_name) {
  return std::make_unique<DelimitedFramer>(delimiter, count, std::move(input_name));
}

std::unique_ptr<Framer> make_sam_framer(const std::string& input_name) {
  return std::make_unique<SamFramer>(input_name);
}

}  // namespace mrf::record
