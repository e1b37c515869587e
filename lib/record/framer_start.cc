// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "record/framer.h"
#include "record/scan.h"

namespace mrf::record {

namespace {

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

  // Goes on to the newline in front of the next start, and behind that; false when it is not there. What is
  // known to be none is not looked at again.
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
  std::size_t scanned_ = 0;  // a start that begins in front of it has been found
  bool is_inside_ = false;   // the front of the next bytes belongs to a record
};

}  // namespace

std::unique_ptr<Framer> make_start_framer(std::string text, std::string input_name) {
  return std::make_unique<StartFramer>(std::move(text), std::move(input_name));
}

}  // namespace mrf::record
