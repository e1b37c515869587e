// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <array>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "record/framer.h"

namespace mrf::record {

namespace {

constexpr const char* wrapped_hint =
    "a record is four lines; 'seqtk seq -l 0 FILE' makes them of sequences on several lines";

std::string_view without_return(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string_view name_in(std::string_view line) { return line.substr(0, line.find_first_of(" \t\r")); }

class FastqFramer : public Framer {
 public:
  explicit FastqFramer(std::string name) : name_(std::move(name)) {}

  Span take(std::string_view bytes, std::uint64_t max_records) override {
    Span span;
    if (bytes.size() < scanned_) return span;
    while (span.records < max_records && next_line(bytes)) {
      if (line_ != 0) continue;
      span.bytes = starts_[0];
      ++span.records;
      ++number_;
    }
    for (std::size_t& start : starts_) start -= span.bytes;
    scanned_ -= span.bytes;
    return span;
  }

  std::string_view complete(std::string_view tail) override {
    if (line_ != 3 || starts_[3] == tail.size())
      fail(fmt::format("is truncated: it has {} lines of 4", lines_begun(tail)));
    check_quality(tail.substr(starts_[3]), tail);
    return "\n";
  }

 private:
  static constexpr unsigned lines_a_record = 4;

  bool next_line(std::string_view bytes) {
    const auto* hit = std::memchr(bytes.data() + scanned_, '\n', bytes.size() - scanned_);
    if (hit == nullptr) {
      scanned_ = bytes.size();
      return false;
    }
    const std::size_t start = starts_[line_];
    const auto end = static_cast<std::size_t>(static_cast<const char*>(hit) - bytes.data());
    check(bytes.substr(start, end - start), bytes);
    scanned_ = end + 1;
    line_ = (line_ + 1) % lines_a_record;
    starts_[line_] = scanned_;
    return true;
  }

  void check(std::string_view line, std::string_view bytes) const {
    if (line_ == 0 && !line.starts_with('@')) {
      if (without_return(line).empty()) fail("is an empty line");
      fail(line[0] == '>' ? "starts with '>': '--record fasta' takes FASTA"
                          : fmt::format("does not start with '@': {}", wrapped_hint));
    }
    if (line_ == 2) check_separator(line, bytes);
    if (line_ == 3) check_quality(line, bytes);
  }

  // The name may be given again behind the '+'.
  void check_separator(std::string_view line, std::string_view bytes) const {
    if (!line.starts_with('+')) fail(fmt::format("has no '+' on its third line: {}", wrapped_hint));
    const std::string_view again = without_return(line.substr(1));
    if (again.empty()) return;
    const std::string_view first = bytes.substr(starts_[0] + 1, starts_[1] - starts_[0] - 2);
    if (name_in(again) == name_in(first)) return;
    fail(fmt::format("is named '{}', and '{}' behind the '+'", name_in(first).substr(0, longest_shown),
                     name_in(again).substr(0, longest_shown)));
  }

  void check_quality(std::string_view line, std::string_view bytes) const {
    const std::size_t qualities = without_return(line).size();
    const std::size_t bases = without_return(bytes.substr(starts_[1], starts_[2] - starts_[1] - 1)).size();
    if (bases == qualities) return;
    fail(fmt::format("has {} bases and {} qualities", bases, qualities));
  }

  // Of a record that is cut short.
  unsigned lines_begun(std::string_view tail) const { return line_ + (starts_[line_] < tail.size() ? 1 : 0); }

  [[noreturn]] void fail(const std::string& reason) const {
    throw base::DataError(
        "read", name_,
        fmt::format("record {} (line {}) {}", number_, lines_a_record * (number_ - 1) + line_ + 1, reason));
  }

  static constexpr std::size_t longest_shown = 100;

  const std::string name_;
  std::uint64_t number_ = 1;
  unsigned line_ = 0;
  std::array<std::size_t, lines_a_record> starts_{};  // of the lines of the record in hand, up to line_
  std::size_t scanned_ = 0;
};

}  // namespace

std::unique_ptr<Framer> make_fastq_framer(std::string input_name) {
  return std::make_unique<FastqFramer>(std::move(input_name));
}

}  // namespace mrf::record
