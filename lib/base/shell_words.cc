// SPDX-License-Identifier: MIT
#include "base/shell_words.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/error.h"

namespace mrf::base {

namespace {

struct SplitText {
  std::vector<std::string> words;
  bool has_open_quote;
};

SplitText split(std::string_view text, std::string_view separators) {
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
    } else if (quote == 0 && separators.find(c) != std::string_view::npos) {
      is_word = false;
    } else {
      add(c);
    }
  }
  return {std::move(words), quote != 0};
}

}  // namespace

std::vector<std::string> split_shell_words(const std::string& option, std::string_view text) {
  auto split_text = split(text, " \t\n");
  if (split_text.has_open_quote) throw UsageError("use option", option, "a quote has no end");
  return std::move(split_text.words);
}

std::vector<std::string> names_in_script(std::string_view script) {
  constexpr std::string_view separators = " \t\n;&|<>()`";
  constexpr std::string_view special = " \t\n;&|<>()`'\"\\";
  std::vector<std::string> names;
  for (auto& word : split(script, separators).words) {
    if (word.size() < script.size() && word.find_first_of(special) != std::string::npos) {
      for (auto& name : names_in_script(word)) names.push_back(std::move(name));
    }
    const auto value = word.find('=');
    if (value != std::string::npos) names.push_back(word.substr(value + 1));
    names.push_back(std::move(word));
  }
  return names;
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
