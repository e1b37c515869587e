// SPDX-License-Identifier: MIT
#include "workflow/expand.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "base/near_name.h"

namespace mrf::workflow {

namespace {

constexpr int most_jobs = 100000;

[[noreturn]] void fail(const Scope& scope, const std::string& reason) {
  throw WorkflowError(scope.place.file, scope.place.line, reason);
}

const std::string& value_of(const std::string& name, const Scope& scope) {
  const auto found = scope.variables.find(name);
  if (found == scope.variables.end()) {
    fail(scope, fmt::format("variable '{}' has no value{}", name,
                            base::did_you_mean(name, base::keys_of(scope.variables))));
  }
  return found->second;
}

struct Reference {
  std::string_view prefix;
  Piece::Kind kind;
};
constexpr std::array references{Reference{"in:", Piece::Kind::in}, Reference{"out:", Piece::Kind::out},
                                Reference{"save:", Piece::Kind::save}};

// Splits the piece `at` there, if it goes on with one of them.
std::optional<Word> split_reference(const Word& word, std::size_t at, std::size_t start) {
  const std::string& text = word[at].text;
  for (const auto& [prefix, kind] : references) {
    if (text.compare(start, prefix.size(), prefix) != 0) continue;
    Word split(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(at));
    if (start > 0) split.push_back({Piece::Kind::text, text.substr(0, start), false});
    split.push_back({kind, "", false});
    const auto rest = text.substr(start + prefix.size());
    if (!rest.empty()) split.push_back({Piece::Kind::text, rest, false});
    split.insert(split.end(), word.begin() + static_cast<std::ptrdiff_t>(at) + 1, word.end());
    return split;
  }
  return std::nullopt;
}

bool is_plain(const Piece& piece) { return piece.kind == Piece::Kind::text && !piece.quoted; }

// Splits "in:" and so on off the start of the word, or off what follows its first = outside quotes.
Word with_reference(const Word& word) {
  if (word.empty()) return word;
  if (is_plain(word[0])) {
    if (auto split = split_reference(word, 0, 0)) return *split;
  }
  for (std::size_t at = 0; at < word.size(); ++at) {
    const auto equals = is_plain(word[at]) ? word[at].text.find('=') : std::string::npos;
    if (equals != std::string::npos) return split_reference(word, at, equals + 1).value_or(word);
  }
  return word;
}

bool is_number(const std::string& name, const Scope& scope) {
  return name == "i" && scope.number.has_value();
}

// The name in the word's first [name] that stands for all numbers, empty if there is none.
std::string array_index(const Word& word, const Scope& scope) {
  bool fifo = false;
  for (const auto& piece : word) {
    fifo = fifo || is_fifo(piece);
    if (piece.kind != Piece::Kind::index || is_number(piece.text, scope)) continue;
    if (fifo && piece.text == "i") fail(scope, "[i] stands in a job that is not one of many");
    if (fifo || scope.counts.contains(piece.text)) return piece.text;
  }
  return "";
}

// Everything but in, out and save becomes text. In a FIFO's name numbers keep their brackets.
Word resolve(const Word& word, const Scope& scope, const std::string& array, int element) {
  Word result;
  bool fifo = false;
  const auto add = [&result](const std::string& text) {
    if (result.empty() || result.back().kind != Piece::Kind::text)
      result.push_back({Piece::Kind::text, "", true});
    result.back().text += text;
  };
  for (const auto& piece : word) {
    fifo = fifo || is_fifo(piece);
    if (piece.kind == Piece::Kind::variable) {
      add(value_of(piece.text, scope));
    } else if (piece.kind == Piece::Kind::index) {
      const bool own = is_number(piece.text, scope);
      if (own || (!array.empty() && piece.text == array)) {
        const std::string number = std::to_string(own ? *scope.number : element);
        add(fifo ? fmt::format("[{}]", number) : number);
      } else {
        add(fmt::format("[{}]", piece.text));
      }
    } else if (piece.kind == Piece::Kind::text) {
      add(piece.text);
    } else {
      result.push_back(piece);
    }
  }
  return result;
}

bool is_fifo_name(const std::string& name) {
  const auto bracket = name.find('[');
  if (bracket == std::string::npos) return is_name(name);
  const auto digits = std::string_view(name).substr(bracket + 1);
  return is_name(name.substr(0, bracket)) && digits.size() >= 2 && digits.back() == ']' &&
         digits.find_first_not_of("0123456789") == digits.size() - 1;
}

// The text behind in: or out: is the FIFO's name and becomes part of that piece.
Word with_fifo_name(Word word, const Scope& scope) {
  for (std::size_t at = 0; at < word.size(); ++at) {
    Piece& piece = word[at];
    if (!is_fifo(piece)) continue;
    piece.text = at + 1 < word.size() ? word[at + 1].text : "";
    if (piece.kind == Piece::Kind::out && piece.text.ends_with('!')) {
      piece.text.pop_back();
      piece.ends_at_close = true;
    }
    if (!is_fifo_name(piece.text)) {
      fail(scope, fmt::format("'{}{}' does not name a FIFO",
                              piece.kind == Piece::Kind::in ? "in:" : "out:", piece.text));
    }
    word.resize(at + 1);
  }
  return word;
}

}  // namespace

int count_of(const std::string& count, const Scope& scope) {
  const bool literal = !is_name(count, true);
  const std::string& text = literal ? count : value_of(count, scope);
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 1 || number > most_jobs) {
    fail(scope, fmt::format("'{}' is no number of jobs (1 to {})", text, most_jobs));
  }
  return number;
}

std::vector<Word> expand_word(const Word& word, const Scope& scope) {
  const Word marked = with_reference(word);
  const std::string array = array_index(marked, scope);
  std::vector<Word> words;
  const int count = array.empty() ? 1 : count_of(array, scope);
  words.reserve(static_cast<std::size_t>(count));
  for (int element = 0; element < count; ++element) {
    words.push_back(with_fifo_name(resolve(marked, scope, array, element), scope));
  }
  return words;
}

}  // namespace mrf::workflow
