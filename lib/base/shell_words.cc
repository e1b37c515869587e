// SPDX-License-Identifier: MIT
#include "base/shell_words.h"

#include <algorithm>
#include <cctype>

#include "base/error.h"

namespace mrf::base {

std::vector<std::string> split_shell_words(const std::string& option, std::string_view text) {
  constexpr std::string_view escaped_in_quotes = "\\\"$`";
  std::vector<std::string> words;
  bool is_word = false;  // '' is one, too
  char quote = 0;
  const auto add = [&](char c) {
    if (!is_word) words.emplace_back();
    is_word = true;
    words.back() += c;
  };
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == quote) {
      quote = 0;
    } else if (c == '\\' && quote != '\'' && at + 1 < text.size() &&
               (quote == 0 || escaped_in_quotes.find(text[at + 1]) != std::string_view::npos)) {
      add(text[++at]);
    } else if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
      if (!is_word) words.emplace_back();
      is_word = true;
    } else if (quote == 0 && (c == ' ' || c == '\t' || c == '\n')) {
      is_word = false;
    } else {
      add(c);
    }
  }
  if (quote != 0) throw UsageError("use option", option, "a quote has no end");
  return words;
}

std::string quote_shell_word(const std::string& word) {
  constexpr std::string_view plain = "_-./,:=+@%";
  const auto is_plain = [&](unsigned char c) {
    return std::isalnum(c) != 0 || plain.find(static_cast<char>(c)) != std::string_view::npos;
  };
  return !word.empty() && std::all_of(word.begin(), word.end(), is_plain) ? word : in_single_quotes(word);
}

std::string in_single_quotes(const std::string& word) {
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string quote_shell_words(const std::vector<std::string>& words) {
  std::string line;
  for (const auto& word : words) line += (line.empty() ? "" : " ") + quote_shell_word(word);
  return line;
}

}  // namespace mrf::base
