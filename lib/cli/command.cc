// SPDX-License-Identifier: MIT
#include "cli/command.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <limits>
#include <utility>

#include "cli/stats_file.h"
#include "cli/version.h"
#include "sys/error.h"
#include "sys/fd.h"
#include "sys/io.h"
#include "sys/message.h"
#include "sys/temporaries.h"

namespace mrf {

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

void print(const std::string& text) {
  Meter meter;
  write_all(FdRef(STDOUT_FILENO), std::string(stdout_name), text, meter);
}

[[noreturn]] void die_of_sigpipe() {
  ::signal(SIGPIPE, SIG_DFL);
  ::raise(SIGPIPE);
  ::_exit(signal_status_base + SIGPIPE);
}

}  // namespace

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
    throw UsageError("use size", text, "not a number of bytes, with K, M or G after it if need be");
  }
  const std::uint64_t number = std::stoull(text.substr(0, digits));
  if (number > std::numeric_limits<std::uint64_t>::max() >> shift)
    throw UsageError("use size", text, "too large");
  return number << shift;
}

Command::Command(std::string name, std::string usage, std::string summary, std::vector<std::string> libraries)
    : name_(std::move(name)), libraries_(std::move(libraries)), app_(std::move(summary), name_) {
  app_.formatter(std::make_shared<HelpFormatter>(std::move(usage)));
  app_.allow_extras();
  app_.set_help_flag("--help", "print this help and exit");
  app_.add_flag("--version", version_, "print the version and exit");
  app_.add_flag("-q,--quiet", quiet_, "say nothing but errors");
  app_.add_flag("-v,--verbose", verbose_, "say more");
  app_.add_option("--stats", stats_path_, "write counts and times as JSON to FILE at the end")
      ->option_text("FILE");
}

void Command::free_short_quiet() {
  app_.remove_option(app_.get_option("--quiet"));
  app_.add_flag("--quiet", quiet_, "say nothing but errors");
}

CLI::Option* Command::add_size(const std::string& names, std::uint64_t& bytes,
                               const std::string& description) {
  return app_
      .add_option_function<std::string>(
          names, [&bytes](const std::string& text) { bytes = parse_size(text); }, description)
      ->option_text("SIZE");
}

CLI::Option* Command::add_repeatable(const std::string& names, std::vector<std::string>& values,
                                     const std::string& description) {
  return app_.add_option(names, values, description)->expected(1)->allow_extra_args(false)->take_all();
}

void Command::print_version() const {
  std::string text = fmt::format("{} {}\n", name_, project_version);
  for (const auto& library : libraries_) text += library + "\n";
  text += fmt::format("fmt {}.{}.{}\n", FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100);
  print(text);
}

// False when there is nothing left to do.
bool Command::parse(int argc, char** argv) {
  try {
    app_.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    print(app_.help());
    return false;
  } catch (const CLI::ParseError& error) {
    for (const auto& word : app_.remaining()) {
      if (word.starts_with("-")) throw UsageError("use option", word, "no such option");
    }
    throw UsageError("use", "command line", error.what());
  }
  const auto unknown = app_.remaining();
  if (!unknown.empty()) {
    const auto& word = unknown.front();
    throw word.starts_with("-") && word != "-" ? UsageError("use option", word, "no such option")
                                               : UsageError("use argument", word, "one too many");
  }
  if (version_) {
    print_version();
    return false;
  }
  return true;
}

int Command::run_checked(int argc, char** argv, const std::function<Status()>& body) {
  Status status = Status::failure;
  bool closed_early = false;
  try {
    if (!parse(argc, argv)) return 0;
    set_verbosity(quiet_ ? Verbosity::quiet : verbose_ ? Verbosity::verbose : Verbosity::normal);
    status = body();
  } catch (const UsageError& error) {
    say(error.offers_help() ? fmt::format("{}; try '{} --help'", error.what(), name_) : error.what());
    status = error.status();
  } catch (const ClosedOutput&) {
    closed_early = true;
  } catch (const Error& error) {
    say(error.what());
    status = error.status();
  } catch (const std::bad_alloc&) {
    say("cannot allocate 'memory': Cannot allocate memory");
  }
  if (status != Status::usage) write_stats(name_, stats_path_, stats_);
  if (closed_early) die_of_sigpipe();
  return static_cast<int>(status);
}

int Command::run(int argc, char** argv, const std::function<Status()>& body) noexcept {
  set_message_style(name_, Verbosity::normal);
  ::signal(SIGPIPE, SIG_IGN);
  raise_open_file_limit();
  try {
    remove_temporaries_on_signals();
    return run_checked(argc, argv, body);
  } catch (const Error& error) {
    say(error.what());
    return static_cast<int>(error.status());
  } catch (const std::exception& error) {
    say(fmt::format("cannot go on with '{}': {}", name_, error.what()));
    return static_cast<int>(Status::failure);
  }
}

}  // namespace mrf
