// SPDX-License-Identifier: MIT
#include "workflow/logical_lines.h"

#include <algorithm>
#include <utility>

namespace mrf::workflow {

namespace {

constexpr std::string_view blanks = " \t";

class LineReader {
 public:
  explicit LineReader(std::string_view text) : text_(text) {}

  std::vector<LogicalLine> lines() {
    while (at_ < text_.size()) step();
    if (!line_.empty()) end_line();
    return std::move(lines_);
  }

 private:
  // The length of the newline at `at`, with a carriage return before it; 0 if there is none.
  std::size_t newline_at(std::size_t at) const {
    const std::string_view rest = text_.substr(at, 2);
    if (rest.starts_with('\n')) return 1;
    return rest == "\r\n" || (rest == "\r" && at + 1 == text_.size()) ? rest.size() : 0;
  }

  void step() {
    const char c = text_[at_];
    if (c == '\\' && quote_ != '\'') {
      take_escape();
    } else if (quote_ != '\0') {
      take_quoted();
    } else if (const std::size_t length = newline_at(at_); length > 0) {
      at_ += length;
      end_line();
    } else if (c == '#' && !in_word_) {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else {
      if (c == '\'' || c == '"') quote_ = c;
      in_word_ = blanks.find(c) == std::string_view::npos;
      take(1);
    }
  }

  void take_quoted() {
    if (text_[at_] == quote_) quote_ = '\0';
    take(1);
  }

  // Behind the last backslash of the text a newline is missing.
  void take_escape() {
    const bool is_last = at_ + 1 == text_.size();
    const std::size_t newline =
        quote_ == '\0' ? newline_at(at_ + 1) : text_.substr(at_ + 1).starts_with('\n');
    if (is_last || newline > 0) {
      at_ += 1 + newline;
      ++newlines_;
      return;
    }
    in_word_ = true;
    take(2);
  }

  void take(std::size_t length) {
    line_ += text_.substr(at_, length);
    newlines_ += static_cast<int>(std::count(text_.begin() + at_, text_.begin() + at_ + length, '\n'));
    at_ += length;
  }

  void end_line() {
    lines_.push_back({number_, std::exchange(line_, {})});
    number_ += 1 + std::exchange(newlines_, 0);
    in_word_ = false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  char quote_ = '\0';
  bool in_word_ = false;
  std::string line_;
  int number_ = 1;
  int newlines_ = 0;  // inside the line
  std::vector<LogicalLine> lines_;
};

}  // namespace

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  std::size_t end = text.find_last_not_of(blanks) + 1;
  const std::size_t backslashes = end - (text.find_last_not_of('\\', end - 1) + 1);
  if (backslashes % 2 == 1 && end < text.size()) ++end;
  return text.substr(first, end - first);
}

std::vector<LogicalLine> logical_lines(std::string_view text) { return LineReader(text).lines(); }

}  // namespace mrf::workflow
