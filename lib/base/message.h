// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace mrf::base {

enum class Verbosity { quiet, normal, verbose };

/// Set once by main, before any thread: the name in front of every message, and how much is said.
void set_message_style(std::string_view program, Verbosity verbosity);
void set_verbosity(Verbosity verbosity);
Verbosity verbosity();
std::string_view program_name();

/// While it is true, something that the cursor stands in front of is drawn on the terminal, and every
/// message clears it away first.
void set_bar_below(bool there);

/// One line on standard error, "NAME: TEXT" by redact_words(), written with a single write(2).
void say(std::string_view text);
/// "NAME: cannot allocate 'memory': ...", made without allocating any.
void say_out_of_memory(const char* name) noexcept;
/// A line of another program's, without the name in front.
void say_line(std::string_view text);
/// say(), unless --quiet.
void warn(std::string_view text);
/// The same, only with --verbose.
void note(std::string_view text);

}  // namespace mrf::base
