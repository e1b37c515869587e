// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <cstring>
#include <limits>
#include <utility>

#include "base/error.h"
#include "record/framer.h"
#include "record/scan.h"

namespace mrf {

namespace {

class DelimitedFramer : public Framer {
 public:
  DelimitedFramer(char delimiter, std::uint64_t count, std::string name)
      : delimiter_(delimiter), count_(count), name_(std::move(name)) {}

  Run take(std::string_view bytes, std::uint64_t max_records) override {
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
    throw DataError("read", name_,
                    fmt::format("the last record has {} lines of {}",
                                ends_ + (tail.back() != delimiter_ ? 1 : 0), count_));
  }

 private:
  // `bytes` holds ends_ ends, the last at `last`, and is known up to `seen`: whole records go, the rest
  // stays.
  Run leave(std::string_view bytes, std::size_t last, std::size_t seen) {
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

class FastqFramer : public Framer {
 public:
  explicit FastqFramer(std::string name) : name_(std::move(name)) {}

  Run take(std::string_view bytes, std::uint64_t max_records) override {
    Run run;
    if (bytes.size() < scanned_) return run;
    while (run.records < max_records && next_line(bytes)) {
      if (line_ != 0) continue;
      run.bytes = line_start_;
      ++run.records;
      ++number_;
    }
    line_start_ -= run.bytes;
    scanned_ -= run.bytes;
    return run;
  }

  std::string_view complete(std::string_view tail) override {
    if (line_ != 3 || line_start_ == tail.size()) {
      throw DataError("read", name_, fmt::format("record {} is truncated", number_));
    }
    return "\n";
  }

 private:
  bool next_line(std::string_view bytes) {
    const auto* hit = std::memchr(bytes.data() + scanned_, '\n', bytes.size() - scanned_);
    if (hit == nullptr) {
      scanned_ = bytes.size();
      return false;
    }
    if (line_ == 0 && bytes[line_start_] != '@') fail("does not start with '@'");
    if (line_ == 2 && bytes[line_start_] != '+') fail("has no '+' on its third line");
    line_start_ = scanned_ = static_cast<std::size_t>(static_cast<const char*>(hit) - bytes.data()) + 1;
    line_ = (line_ + 1) % 4;
    return true;
  }

  [[noreturn]] void fail(const char* reason) const {
    throw DataError("read", name_, fmt::format("record {} {}", number_, reason));
  }

  const std::string name_;
  std::uint64_t number_ = 1;
  unsigned line_ = 0;
  std::size_t line_start_ = 0;
  std::size_t scanned_ = 0;
};

}  // namespace

std::unique_ptr<Framer> make_delimited_framer(char delimiter, std::uint64_t count, std::string input_name) {
  return std::make_unique<DelimitedFramer>(delimiter, count, std::move(input_name));
}

std::unique_ptr<Framer> make_fastq_framer(std::string input_name) {
  return std::make_unique<FastqFramer>(std::move(input_name));
}

}  // namespace mrf
