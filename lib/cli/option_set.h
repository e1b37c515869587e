// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/command_piece.h"

namespace CLI {
class App;
}  // namespace CLI

namespace mrf::cli {

/// The options of a program. Nothing is marked as required here: an unknown option is to be named before
/// what is missing. `names` is "-o,--output FILE", with what --help shows in place of the value, or a word
/// without dashes for positional arguments. The variables are set when the command line is parsed and outlive
/// the set.
class OptionSet {
 public:
  /// `usage` is what follows the name in the first line of --help.
  OptionSet(const std::string& name, const std::string& usage, const std::string& summary);
  ~OptionSet();
  OptionSet(const OptionSet&) = delete;
  OptionSet& operator=(const OptionSet&) = delete;

  /// An option with a value. T is a string, a number, an optional of these or a vector of strings; other
  /// types are added to the instances in option_set.cc.
  template <typename T>
  void add_option(const std::string& names, T& value, const std::string& description = "");
  void add_flag(const std::string& names, bool& value, const std::string& description);
  /// An option "--name VALUE" whose value may be left out: it is taken when the next word is one of `values`,
  /// begins with one of them that ends in ':', or is a whole number where "N" is among them. Left out, it is
  /// `otherwise`. --help shows "--name [VALUE]".
  void add_optional(const std::string& names, std::string& value, std::vector<std::string> values,
                    const std::string& otherwise, const std::string& description);
  /// A number of bytes with an optional K, M or G (powers of 1024).
  void add_size(const std::string& names, std::uint64_t& bytes, const std::string& description);
  /// May be given several times, one value each time. One that --help shows with "..." has all words behind
  /// it up to the first --; the program takes them off before parse() (pieces_of()).
  void add_repeatable(const std::string& names, std::vector<std::string>& values,
                      const std::string& description);
  void remove(const std::string& name);

  /// The options and arguments in `words`, in order, told apart as parse() tells them apart: what is the
  /// value of an option is no other option, however it is spelled. Letters that share a word are taken apart.
  /// An unknown option has no value. Throws nothing.
  std::vector<base::CommandPiece> pieces_of(const std::vector<std::string>& words) const;

  /// How often an option was given.
  std::size_t count(const std::string& name) const;
  /// The files that the command line names: arguments, and the values of all options but `option` that --help
  /// shows as a file.
  std::vector<std::string> files_beside(const std::string& option) const;
  std::string help() const;

  enum class Outcome { parsed, help_wanted };
  /// Throws UsageError; an unknown option is named.
  Outcome parse(int argc, char** argv);

 private:
  struct Optional {
    std::string name;
    std::vector<std::string> values;
    std::string otherwise;

    bool takes(const std::string& word) const;
  };

  const Optional* optional_called(const std::string& name) const;
  std::vector<std::string> words_of(int argc, char** argv) const;

  std::unique_ptr<CLI::App> app_;
  std::vector<Optional> optional_;
};

/// The value of an option that takes a number from 1 on or auto, for which the result is empty. Throws
/// UsageError.
std::optional<std::uint64_t> parse_number_or_auto(const std::string& option, const std::string& text);

/// "10", "64K", "1M", "2G" in bytes (powers of 1024, lower case too). Throws UsageError for anything else.
std::uint64_t parse_size(const std::string& text);

}  // namespace mrf::cli
