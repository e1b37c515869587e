// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mrf::base {

/// The words of a text, as sh(1) splits and quotes: by spaces, tabs and newlines; '...' and "..." hold what
/// would split, a backslash the next character (POSIX, Shell Command Language 2.2). Nothing is expanded: $, `
/// and * are themselves. Throws UsageError "cannot use option 'OPTION'" for a quote without its end.
std::vector<std::string> split_shell_words(const std::string& option, std::string_view text);

/// What the words of an sh(1) script name, as far as that can be seen without running it: its words, also
/// those behind an operator such as < or ;, and what follows the first = of one. A word that has quoted
/// blanks or operators may be a script, too: so its own words are among the names. Nothing is expanded.
std::vector<std::string> names_in_script(std::string_view script);

/// `word` such that sh(1) reads it as this one word.
std::string quote_shell_word(const std::string& word);
/// The same in single quotes, whatever it is.
std::string in_single_quotes(const std::string& word);
/// Such words with a space between each two.
std::string quote_shell_words(const std::vector<std::string>& words);

}  // namespace mrf::base
