// SPDX-License-Identifier: MIT
#include "cli/command.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <new>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/message.h"
#include "base/version.h"
#include "io/fd.h"
#include "io/paths.h"
#include "io/temporaries.h"

namespace mrf::cli {

namespace {

void print(const std::string& text) {
  io::Meter meter;
  io::write_all(io::FdRef(STDOUT_FILENO), std::string(io::stdout_name), text, meter);
}

// Whether a path names standard output, by any name. A terminal and /dev/null do not count: nothing mixes
// there.
bool is_standard_output(const std::string& path) {
  if (path == "-") return true;
  struct stat named {};
  struct stat open {};
  return ::stat(path.c_str(), &named) == 0 && ::fstat(STDOUT_FILENO, &open) == 0 && !S_ISCHR(open.st_mode) &&
         named.st_dev == open.st_dev && named.st_ino == open.st_ino;
}

[[noreturn]] void die_of_sigpipe() {
  ::signal(SIGPIPE, SIG_DFL);
  ::raise(SIGPIPE);
  ::_exit(base::signal_status_base + SIGPIPE);
}

}  // namespace

Command::Command(std::string name, const std::string& usage, const std::string& summary,
                 std::vector<std::string> libraries)
    : name_(std::move(name)), libraries_(std::move(libraries)), options_(name_, usage, summary) {
  options_.add_flag("--version", version_, "print the version and exit");
  options_.add_flag("-q,--quiet", quiet_, "print errors only");
  options_.add_flag("-v,--verbose", verbose_, "print more; the man page says what");
  options_.add_option("--stats FILE", stats_path_, "write counts and times as JSON to FILE at the end");
}

void Command::free_short_quiet() {
  options_.remove("--quiet");
  options_.add_flag("--quiet", quiet_, "print errors only");
}

void Command::keep_from_stats(const std::string& path) const {
  if (stats_path_.empty()) return;
  if (path == "-" && is_standard_output(stats_path_))
    throw base::UsageError("use option", "--stats", "standard output takes the data; give it a file");
  if (io::is_same_file(stats_path_, path))
    throw base::UsageError("use option", "--stats", fmt::format("it would replace '{}'", path));
}

// Nothing that the program reads or writes is to be replaced by its statistics.
void Command::open_stats() {
  if (stats_path_.empty()) return;
  for (const auto& path : options_.files_beside("--stats")) {
    if (path != "-") keep_from_stats(path);
  }
  if (io::is_standard_input(stats_path_))
    throw base::UsageError("use option", "--stats", fmt::format("it would replace '{}'", io::stdin_name));
  stats_file_.open(stats_path_);
}

void Command::print_version() const {
  std::string text = fmt::format("{} {}\n", name_, base::project_version);
  for (const auto& library : libraries_) text += library + "\n";
  text += fmt::format("fmt {}.{}.{}\n", FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100);
  print(text);
}

// False when there is nothing left to do.
bool Command::parse(int argc, char** argv) {
  if (options_.parse(argc, argv) == OptionSet::Outcome::help_wanted) {
    print(options_.help());
    return false;
  }
  if (version_) {
    print_version();
    return false;
  }
  return true;
}

int Command::run_checked(int argc, char** argv, const std::function<base::Status()>& body) {
  base::Status status = base::Status::failure;
  bool closed_early = false;
  try {
    if (!parse(argc, argv)) return 0;
    base::set_verbosity(quiet_     ? base::Verbosity::quiet
                        : verbose_ ? base::Verbosity::verbose
                                   : base::Verbosity::normal);
    open_stats();
    status = body();
  } catch (const base::UsageError& error) {
    base::say(error.offers_help() ? fmt::format("{}; try '{} --help'", error.what(), name_) : error.what());
    status = error.status();
  } catch (const base::ClosedOutput&) {
    closed_early = true;
  } catch (const base::Error& error) {
    base::say(error.what());
    status = error.status();
  } catch (const std::bad_alloc&) {
    base::say_out_of_memory(name_.c_str());
  }
  const int number = closed_early ? base::signal_status_base + SIGPIPE : static_cast<int>(status);
  if (status != base::Status::usage) stats_file_.write(name_, stats_, number);
  if (closed_early) die_of_sigpipe();
  return number;
}

std::vector<std::string> take_filter(int& argc, char** argv) {
  const auto end = argv + argc;
  const auto dashes = std::find(argv + 1, end, std::string_view("--"));
  if (dashes == end) return {};
  argc = static_cast<int>(dashes - argv);
  return {dashes + 1, end};
}

int Command::run(int argc, char** argv, const std::function<base::Status()>& body) noexcept {
  try {
    base::set_message_style(name_, base::Verbosity::normal);
    ::signal(SIGPIPE, SIG_IGN);
    ::signal(SIGXFSZ, SIG_IGN);  // write(2) says EFBIG instead
    io::occupy_standard_descriptors();
    io::raise_open_file_limit();
    io::remove_temporaries_on_signals();
    return run_checked(argc, argv, body);
  } catch (...) {
    return status_of_current_exception(name_.c_str());
  }
}

int status_of_current_exception(const char* name) noexcept {
  try {
    base::set_message_style(name, base::verbosity());
    try {
      throw;
    } catch (const base::Error& error) {
      base::say(error.what());
      return static_cast<int>(error.status());
    } catch (const std::bad_alloc&) {
      base::say_out_of_memory(name);
    } catch (const std::exception& error) {
      base::say(fmt::format("cannot continue '{}': {}", name, error.what()));
    }
  } catch (...) {  // memory for the message is missing
    base::say_out_of_memory(name);
  }
  return static_cast<int>(base::Status::failure);
}

}  // namespace mrf::cli
