// SPDX-License-Identifier: MIT
#include "record/framer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <utility>

#include "base/error.h"
#include "base/number_at.h"
#include "record/header.h"
#include "record/scan.h"

namespace mrf::record {

namespace {

// Records of `count` pieces that end in `delimiter`.
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

constexpr const char* wrapped_hint =
    "a record is four lines; 'seqtk seq -l 0 FILE' makes them of sequences on several lines";

std::string_view without_return(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string_view name_in(std::string_view line) { return line.substr(0, line.find_first_of(" \t\r")); }

// Four lines: '@' and the name, the sequence, '+' with or without the same name, as many qualities as bases
// (Cock et al. 2010, doi 10.1093/nar/gkp1137; sequence and quality on one line each).
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

  // How many lines of a record that is cut short have begun.
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

// Records that begin at each line which begins with `text`; in front of the first one stand at most empty
// lines, which belong to it.
class StartFramer : public Framer {
 public:
  StartFramer(std::string text, std::string name) : text_(std::move(text)), name_(std::move(name)) {}

  Span take(std::string_view bytes, std::uint64_t max_records) override {
    Span span;
    if (bytes.size() < scanned_ || !find_first(bytes)) return span;
    while (span.records < max_records && next_start(bytes)) {
      span.bytes = scanned_;
      ++span.records;
    }
    scanned_ -= span.bytes;
    if (span.records > 0) is_inside_ = true;  // the next record's start has been seen
    return span;
  }

  Span split(std::string_view bytes, std::uint64_t max_records) override {
    is_inside_ = true;
    scanned_ = 0;
    Span span = take(bytes, max_records);
    if (span.records < max_records && span.bytes < bytes.size()) span = {bytes.size(), span.records + 1};
    return span;
  }

  // A byte stays, so that the tail of the input is not empty inside a record, and what may be the front of
  // the next start.
  std::size_t take_part(std::string_view bytes) override {
    if (!is_inside_) return 0;
    const std::size_t part = std::min(scanned_, bytes.size() - 1);
    scanned_ -= part;
    return part;
  }

  std::string_view complete(std::string_view tail) override {
    if (!is_inside_) fail(tail);
    return tail.ends_with('\n') ? "" : "\n";
  }

 private:
  // Whether the first record's start has been seen.
  bool find_first(std::string_view bytes) {
    if (is_inside_) return true;
    const std::size_t start = std::min(bytes.find_first_not_of("\r\n"), bytes.size());
    const std::string_view front = bytes.substr(start, text_.size());
    if (!text_.starts_with(front)) fail(bytes);
    is_inside_ = front.size() == text_.size();
    scanned_ = start;
    return is_inside_;
  }

  // Moves scanned_ behind the newline in front of the next start; false when no start is there yet. Bytes
  // that were searched are not searched again.
  bool next_start(std::string_view bytes) {
    for (std::size_t at = scanned_;; ++at) {
      at = find_pair(bytes, '\n', text_.front(), at);
      if (at == std::string_view::npos) {
        scanned_ = bytes.empty() ? 0 : bytes.size() - 1;
        return false;
      }
      const std::string_view found = bytes.substr(at + 1, text_.size());
      if (found == text_) {
        scanned_ = at + 1;
        return true;
      }
      if (text_.starts_with(found)) {  // its end is not there yet
        scanned_ = at;
        return false;
      }
    }
  }

  [[noreturn]] void fail(std::string_view bytes) const {
    const bool is_blank = bytes.find_first_not_of("\r\n") == std::string_view::npos;
    throw base::DataError(
        "read", name_,
        is_blank ? "it has empty lines only"
                 : fmt::format("record 1 does not start with '{}' at the start of a line", text_));
  }

  const std::string text_;
  const std::string name_;
  std::size_t scanned_ = 0;  // starts in front of it have been found
  bool is_inside_ = false;   // the front of the next bytes belongs to a record
};

// Records of `size` bytes each.
class FixedFramer : public Framer {
 public:
  FixedFramer(std::uint64_t size, std::string name) : size_(size), name_(std::move(name)) {}

  Span take(std::string_view bytes, std::uint64_t max_records) override {
    const std::uint64_t records = std::min<std::uint64_t>(bytes.size() / size_, max_records);
    return {static_cast<std::size_t>(records * size_), records};
  }

  std::string_view complete(std::string_view tail) override {
    throw base::DataError("read", name_,
                          fmt::format("the last record has {} bytes of {}", tail.size(), size_));
  }

 private:
  const std::uint64_t size_;
  const std::string name_;
};

// A length of 32 bits in front of each record (SAM specification, section 4.2).
class BamFramer : public Framer {
 public:
  explicit BamFramer(std::string name) : name_(std::move(name)) {}

  Span take(std::string_view bytes, std::uint64_t max_records) override {
    Span span;
    while (span.records < max_records && bytes.size() - span.bytes >= length_bytes) {
      const std::uint32_t length = base::number_at<std::uint32_t>(bytes, span.bytes);
      if (length < fixed_fields || length > 0x7fffffff) {
        throw base::DataError("read", name_, fmt::format("record {} has no valid length", number_));
      }
      if (bytes.size() - span.bytes - length_bytes < length) break;
      span.bytes += length_bytes + length;
      ++span.records;
      ++number_;
    }
    return span;
  }

  std::string_view complete(std::string_view tail) override {
    // A length of 21 million bytes that the input does not have: the magic of a BAM stream (section 4.2).
    if (tail.starts_with(std::string_view("BAM\1", 4))) {
      throw base::DataError(
          "read", name_,
          fmt::format("a second BAM stream begins behind record {}; mrf-bamread joins several", number_ - 1));
    }
    throw base::DataError("read", name_, fmt::format("record {} is truncated", number_));
  }

 private:
  static constexpr std::size_t length_bytes = 4;
  static constexpr std::uint32_t fixed_fields = 32;  // refID to tlen

  const std::string name_;
  std::uint64_t number_ = 1;
};

}  // namespace

std::unique_ptr<Framer> make_framer(const RecordForm& form, std::string input_name) {
  switch (form.kind) {
    case RecordForm::Kind::line:
    case RecordForm::Kind::lines:
      break;
    case RecordForm::Kind::sam:
      return std::make_unique<SamFramer>(input_name);
    case RecordForm::Kind::fasta:
    case RecordForm::Kind::start:
      return std::make_unique<StartFramer>(form.text, std::move(input_name));
    case RecordForm::Kind::nul:
      return std::make_unique<DelimitedFramer>('\0', 1, std::move(input_name));
    case RecordForm::Kind::fastq:
      return std::make_unique<FastqFramer>(std::move(input_name));
    case RecordForm::Kind::fixed:
      return std::make_unique<FixedFramer>(form.count, std::move(input_name));
    case RecordForm::Kind::bam:
      return std::make_unique<BamFramer>(std::move(input_name));
  }
  return std::make_unique<DelimitedFramer>('\n', form.count, std::move(input_name));
}

}  // namespace mrf::record
