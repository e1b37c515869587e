// SPDX-License-Identifier: MIT
#include "workflow/lexer.h"

#include <fmt/format.h>

#include <utility>

namespace mrf::workflow {

namespace {

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
    word_.push_back({Piece::Kind::text, std::string(text_.substr(at_ + 1, end - at_ - 1)), true});
    at_ = end + 1;
  }

  void double_quoted() {
    word_.push_back({Piece::Kind::text, "", true});
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
    word_.push_back({Piece::Kind::variable, std::string(text_.substr(start, end - start)), quoted});
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
    word_.push_back({Piece::Kind::index, name, false});
    at_ = end + 1;
  }

  void add(char c, bool quoted) {
    if (word_.empty() || word_.back().kind != Piece::Kind::text || word_.back().quoted != quoted) {
      word_.push_back({Piece::Kind::text, "", quoted});
    }
    word_.back().text.push_back(c);
  }

  void redirect(char c) {
    const bool standard_error = c == '>' && word_.size() == 1 && word_[0].kind == Piece::Kind::text &&
                                !word_[0].quoted && word_[0].text == "2";
    if (standard_error) {
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

CommandText split_command(const Place& place, std::string_view text) { return Lexer(place, text).command(); }

Word split_value(const Place& place, std::string_view text) { return Lexer(place, text).value(); }

}  // namespace mrf::workflow
