// SPDX-License-Identifier: MIT
#include "cli/option_set.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <charconv>
#include <deque>
#include <iterator>
#include <limits>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/error.h"

namespace mrf::cli {

namespace {

class HelpFormatter : public CLI::Formatter {
 public:
  explicit HelpFormatter(std::string usage) : usage_(std::move(usage)) { column_width(32); }
  std::string make_usage(const CLI::App* app, std::string) const override {
    return fmt::format("usage: {} {}\n{}\n", app->get_name(), usage_, app->get_description());
  }
  std::string make_description(const CLI::App*) const override { return ""; }
  std::string make_positionals(const CLI::App*) const override { return ""; }
  std::string make_option_opts(const CLI::Option* option) const override {
    return option->get_type_size() == 0 || option->get_option_text().empty()
               ? ""
               : " " + option->get_option_text();
  }

 private:
  std::string usage_;
};

// What stands behind "--" is no option.
void refuse_unknown(const CLI::App& app) {
  for (const auto& word : app.remaining()) {
    if (word == "--") return;
    if (word.starts_with("-") && word != "-") throw base::UsageError("use option", word, "no such option");
  }
}

void refuse_arguments(const CLI::App& app) {
  for (const auto& word : app.remaining()) {
    if (word != "--") throw base::UsageError("use argument", word, "one too many");
  }
}

// What a variable of the shell that is not set leaves of "--option $variable".
void refuse_empty_values(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional()) continue;
    for (const auto& value : option->results()) {
      if (value.empty()) throw base::UsageError("use option", option->get_name(), "its value is empty");
    }
  }
}

// "-o,--output FILE": the names, and what --help shows in place of the value.
std::pair<std::string, std::string> split_names(const std::string& names) {
  const auto blank = std::min(names.find(' '), names.size());
  return {names.substr(0, blank), names.substr(std::min(blank + 1, names.size()))};
}

bool is_whole_number(const std::string& word) {
  return !word.empty() && word.find_first_not_of("0123456789") == std::string::npos;
}

template <typename T>
struct NumberOf {
  using type = T;
};
template <typename T>
struct NumberOf<std::optional<T>> {
  using type = T;
};

// `names` as in "-n,--number".
template <typename T>
T parse_number(const std::string& names, const std::string& text) {
  T number{};
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ec == std::errc() && parsed.ptr == end) return number;
  const std::string reason =
      parsed.ec == std::errc::result_out_of_range ? fmt::format("'{}' is too large", text)
      : std::is_floating_point_v<T>               ? fmt::format("'{}' is not a number", text)
      : std::is_signed_v<T>                       ? fmt::format("'{}' is not a whole number", text)
                            : fmt::format("'{}' is not a whole number of 0 or more", text);
  throw base::UsageError("use option", names.substr(names.find(',') + 1), reason);
}

}  // namespace

std::optional<std::uint64_t> parse_number_or_auto(const std::string& option, const std::string& text) {
  if (text == "auto") return std::nullopt;
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end || number == 0)
    throw base::UsageError("use option", option, "not a number of 1 or more, nor auto");
  return number;
}

std::uint64_t parse_size(const std::string& text) {
  std::size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
  const std::string unit = text.substr(digits);
  const int shift = unit.empty()                 ? 0
                    : unit == "K" || unit == "k" ? 10
                    : unit == "M" || unit == "m" ? 20
                    : unit == "G" || unit == "g" ? 30
                                                 : -1;
  if (digits == 0 || digits > 18 || shift < 0) {
    throw base::UsageError("use size", text, "not a number of bytes, with K, M or G after it if need be");
  }
  const std::uint64_t number = std::stoull(text.substr(0, digits));
  if (number > std::numeric_limits<std::uint64_t>::max() >> shift) {
    throw base::UsageError("use size", text, "too large");
  }
  return number << shift;
}

OptionSet::OptionSet(const std::string& name, const std::string& usage, const std::string& summary)
    : app_(std::make_unique<CLI::App>(summary, name)) {
  app_->formatter(std::make_shared<HelpFormatter>(usage));
  app_->allow_extras();
  app_->set_help_flag("--help", "print this help and exit");
}

OptionSet::~OptionSet() = default;

template <typename T>
void OptionSet::add_option(const std::string& names, T& value, const std::string& description) {
  const auto [words, shown] = split_names(names);
  using Number = typename NumberOf<T>::type;
  if constexpr (std::is_arithmetic_v<Number>) {
    const auto set = [&value, words = words](const std::string& text) {
      value = parse_number<Number>(words, text);
    };
    app_->add_option_function<std::string>(words, set, description)->option_text(shown);
  } else {
    app_->add_option(words, value, description)->option_text(shown);
  }
}

template void OptionSet::add_option(const std::string&, std::string&, const std::string&);
template void OptionSet::add_option(const std::string&, int&, const std::string&);
template void OptionSet::add_option(const std::string&, std::uint8_t&, const std::string&);
template void OptionSet::add_option(const std::string&, unsigned&, const std::string&);
template void OptionSet::add_option(const std::string&, long&, const std::string&);
template void OptionSet::add_option(const std::string&, unsigned long&, const std::string&);
template void OptionSet::add_option(const std::string&, double&, const std::string&);
template void OptionSet::add_option(const std::string&, std::vector<std::string>&, const std::string&);
template void OptionSet::add_option(const std::string&, std::optional<int>&, const std::string&);
template void OptionSet::add_option(const std::string&, std::optional<std::uint8_t>&, const std::string&);
template void OptionSet::add_option(const std::string&, std::optional<unsigned>&, const std::string&);
template void OptionSet::add_option(const std::string&, std::optional<double>&, const std::string&);
template void OptionSet::add_option(const std::string&, std::optional<std::uint64_t>&, const std::string&);
template void OptionSet::add_option(const std::string&, std::optional<std::string>&, const std::string&);

void OptionSet::add_flag(const std::string& names, bool& value, const std::string& description) {
  app_->add_flag(names, value, description);
}

void OptionSet::add_optional(const std::string& names, std::string& value, std::vector<std::string> values,
                             const std::string& otherwise, const std::string& description) {
  const auto [word, shown] = split_names(names);
  app_->add_option(word, value, description)->option_text("[" + shown + "]");
  optional_.push_back({word, std::move(values), otherwise});
}

bool OptionSet::Optional::takes(const std::string& word) const {
  return std::any_of(values.begin(), values.end(), [&](const std::string& value) {
    if (value == "N") return is_whole_number(word);
    return value.ends_with(':') ? word.starts_with(value) : word == value;
  });
}

const OptionSet::Optional* OptionSet::optional_called(const std::string& name) const {
  const auto found =
      std::find_if(optional_.begin(), optional_.end(), [&](const Optional& one) { return one.name == name; });
  return found == optional_.end() ? nullptr : &*found;
}

// The command line with each optional value in the word of its option.
std::vector<std::string> OptionSet::words_of(int argc, char** argv) const {
  std::vector<std::string> words;
  for (const auto& piece : pieces_of({argv + 1, argv + argc})) {
    const Optional* option = optional_called(piece.option);
    if (option == nullptr || piece.words[0] != piece.option) {
      words.insert(words.end(), piece.words.begin(), piece.words.end());
    } else {
      words.push_back(piece.option + "=" + (piece.value.empty() ? option->otherwise : piece.value));
    }
  }
  return words;
}

std::vector<base::CommandPiece> OptionSet::pieces_of(const std::vector<std::string>& words) const {
  std::vector<base::CommandPiece> pieces;
  std::deque<std::string> rest(words.begin(), words.end());
  const auto take = [&rest] {
    std::string word = std::move(rest.front());
    rest.pop_front();
    return word;
  };
  while (!rest.empty()) {
    const std::string word = take();
    if (word == "--") {
      pieces.push_back({word, "", {word}});
      pieces.back().words.insert(pieces.back().words.end(), rest.begin(), rest.end());
      break;
    }
    if (!word.starts_with('-') || word == "-") {
      pieces.push_back({"", word, {word}});
      continue;
    }
    const bool is_letter = word[1] != '-';
    const std::size_t end = is_letter ? 2 : std::min(word.find('='), word.size());
    const std::string name = word.substr(0, end);
    const CLI::Option* option = app_->get_option_no_throw(name);
    base::CommandPiece piece{option == nullptr ? name : option->get_name(), "", {word}};
    const std::string_view behind = std::string_view(word).substr(end);
    if (const Optional* optional = optional_called(piece.option); optional != nullptr) {
      piece.value = behind.substr(std::min<std::size_t>(behind.size(), 1));
      if (behind.empty() && !rest.empty() && optional->takes(rest.front()))
        piece.words.push_back(piece.value = take());
    } else if (option == nullptr) {
      // parse() names it.
    } else if (option->get_items_expected_max() == 0) {
      if (is_letter && !behind.empty()) {
        piece.words = {name};
        rest.push_front("-" + std::string(behind));
      } else if (!behind.empty()) {
        piece.value = behind.substr(1);
      }
    } else if (option->get_option_text().ends_with("...")) {
      if (!is_letter && !behind.empty()) piece.words = {name, std::string(behind.substr(1))};
      while (!rest.empty() && rest.front() != "--") piece.words.push_back(take());
    } else {
      piece.value = behind.substr(is_letter || behind.empty() ? 0 : 1);
      if (piece.value.empty() && !rest.empty()) piece.words.push_back(piece.value = take());
    }
    pieces.push_back(std::move(piece));
  }
  return pieces;
}

void OptionSet::add_size(const std::string& names, std::uint64_t& bytes, const std::string& description) {
  const auto set = [&bytes](const std::string& text) { bytes = parse_size(text); };
  app_->add_option_function<std::string>(names, set, description)->option_text("SIZE");
}

void OptionSet::add_repeatable(const std::string& names, std::vector<std::string>& values,
                               const std::string& description) {
  const auto [words, shown] = split_names(names);
  app_->add_option(words, values, description)
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all()
      ->option_text(shown);
}

void OptionSet::remove(const std::string& name) { app_->remove_option(app_->get_option(name)); }

std::size_t OptionSet::count(const std::string& name) const { return app_->count(name); }

std::vector<std::string> OptionSet::files_beside(const std::string& option) const {
  constexpr std::string_view kinds[] = {"FILE", "PATH",    "error|skip|any|PATH", "INPUT", "OUT",
                                        "REF",  "MANIFEST"};
  std::vector<std::string> files;
  for (const CLI::Option* one : app_->get_options()) {
    const bool is_file = one->get_positional() || std::find(std::begin(kinds), std::end(kinds),
                                                            one->get_option_text()) != std::end(kinds);
    if (!is_file || one->check_name(option)) continue;
    files.insert(files.end(), one->results().begin(), one->results().end());
  }
  return files;
}

std::string OptionSet::help() const { return app_->help(); }

OptionSet::Outcome OptionSet::parse(int argc, char** argv) {
  try {
    std::vector<std::string> words = words_of(argc, argv);
    std::reverse(words.begin(), words.end());  // as CLI11 takes them
    app_->parse(std::move(words));
  } catch (const CLI::CallForHelp&) {
    return Outcome::help_wanted;
  } catch (const CLI::ParseError& error) {
    refuse_unknown(*app_);
    throw base::UsageError("use", "command line", error.what());
  }
  refuse_unknown(*app_);
  refuse_arguments(*app_);
  refuse_empty_values(*app_);
  return Outcome::parsed;
}

}  // namespace mrf::cli
