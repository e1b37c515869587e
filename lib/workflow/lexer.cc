// SPDX-License-Identifier: MIT
#include "workflow/lexer.h"

#include <fmt/format.h>

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

bool is_blank(char c) { return c == ' ' || c == '\t'; }

bool starts_name(char c) { return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool continues_name(char c) { return starts_name(c) || (c >= '0' && c <= '9'); }

class Lexer {
 public:
  Lexer(const Place& place, std::string_view text) : place_(place), text_(text) {}

  CommandText command() {
    while (at_ < text_.size()) step();
    end_word();
    if (redirection_) fail("a redirection needs a file behind it");
    return std::move(result_);
  }

  Word value() {
    keep_blanks_ = true;
    while (at_ < text_.size()) part();
    return std::move(word_);
  }

 private:
  [[noreturn]] void fail(const std::string& reason) const {
    throw WorkflowError(place_.file, place_.line, reason);
  }

  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  void step() {
    const char c = peek();
    if (is_blank(c)) {
      end_word();
      ++at_;
    } else if (c == '<' || c == '>') {
      redirect(c);
    } else if (c == '|' || c == '&' || c == ';' || c == '(' || c == ')' || c == '`') {
      fail(fmt::format("'{}' needs a shell: write bash -o pipefail -c '...', or quote it", c));
    } else {
      part();
    }
  }

  void part() {
    const char c = peek();
    in_word_ = true;
    if (c == '\'') {
      single_quoted();
    } else if (c == '"') {
      double_quoted();
    } else if (c == '\\') {
      if (at_ + 1 == text_.size()) fail("a backslash at the end quotes nothing");
      add(text_[at_ + 1], true);
      at_ += 2;
    } else if (c == '$') {
      variable(false);
    } else if (c == '[' && !keep_blanks_) {
      index();
    } else {
      add(c, false);
      ++at_;
    }
  }

  void single_quoted() {
    const auto end = text_.find('\'', at_ + 1);
    if (end == std::string_view::npos) fail("a ' is never closed");
    word_.push_back({WordPart::Kind::text, std::string(text_.substr(at_ + 1, end - at_ - 1)), true});
    at_ = end + 1;
  }

  void double_quoted() {
    word_.push_back({WordPart::Kind::text, "", true});
    for (++at_; peek() != '"';) {
      if (at_ >= text_.size()) fail("a \" is never closed");
      const char next = peek(1);
      if (peek() == '\\' && (next == '"' || next == '\\' || next == '$' || next == '`')) {
        add(next, true);
        at_ += 2;
      } else if (peek() == '$') {
        variable(true);
      } else {
        add(peek(), true);
        ++at_;
      }
    }
    ++at_;
  }

  // A $ before anything but a name or {name} is itself.
  void variable(bool quoted) {
    const bool braced = peek(1) == '{';
    const std::size_t start = at_ + (braced ? 2 : 1);
    std::size_t end = start;
    while (end < text_.size() && continues_name(text_[end])) ++end;
    const bool named = end > start && starts_name(text_[start]);
    if (!named || (braced && (end == text_.size() || text_[end] != '}'))) {
      add('$', quoted);
      ++at_;
      return;
    }
    word_.push_back({WordPart::Kind::variable, std::string(text_.substr(start, end - start)), quoted});
    at_ = end + (braced ? 1 : 0);
  }

  void index() {
    const auto end = text_.find(']', at_);
    const std::string name(end == std::string_view::npos ? "" : text_.substr(at_ + 1, end - at_ - 1));
    if (!is_name(name, true)) {
      add('[', false);
      ++at_;
      return;
    }
    word_.push_back({WordPart::Kind::index, name, false});
    at_ = end + 1;
  }

  void add(char c, bool quoted) {
    if (word_.empty() || word_.back().kind != WordPart::Kind::text || word_.back().quoted != quoted) {
      word_.push_back({WordPart::Kind::text, "", quoted});
    }
    word_.back().text.push_back(c);
  }

  // The number of a descriptor stands right in front of < or >, as in sh(1).
  std::string digits_in_front() const {
    const bool is_plain = word_.size() == 1 && word_[0].kind == WordPart::Kind::text && !word_[0].quoted;
    const bool is_number = is_plain && word_[0].text.find_first_not_of("0123456789") == std::string::npos;
    return is_number ? word_[0].text : "";
  }

  void redirect(char c) {
    const std::string descriptor = digits_in_front();
    if (!descriptor.empty() && descriptor != (c == '<' ? "0" : "1") && (c == '<' || descriptor != "2"))
      fail("only <, >, >> and 2> redirect here");
    const bool standard_error = descriptor == "2";
    if (!descriptor.empty()) {
      word_.clear();
      in_word_ = false;
    }
    end_word();
    if (redirection_) fail("a redirection needs a file behind it");
    Redirection redirection;
    redirection.fd = standard_error ? 2 : c == '>' ? 1 : 0;
    ++at_;
    if (c == '>' && peek() == '>') {
      redirection.append = true;
      ++at_;
    }
    if (peek() == '&' || peek() == '<' || peek() == '>') fail("only <, >, >> and 2> redirect here");
    result_.redirections.push_back(std::move(redirection));
    redirection_ = true;
  }

  void end_word() {
    if (!in_word_) return;
    in_word_ = false;
    if (std::exchange(redirection_, false)) {
      result_.redirections.back().target = std::exchange(word_, {});
    } else {
      result_.words.push_back(std::exchange(word_, {}));
    }
  }

  Place place_;
  std::string_view text_;
  std::size_t at_ = 0;
  CommandText result_;
  Word word_;
  bool in_word_ = false;
  bool redirection_ = false;
  bool keep_blanks_ = false;
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

CommandText split_command(const Place& place, std::string_view text) { return Lexer(place, text).command(); }

Word split_value(const Place& place, std::string_view text) { return Lexer(place, text).value(); }

}  // namespace mrf::workflow
