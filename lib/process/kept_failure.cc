// SPDX-License-Identifier: MIT
#include "process/kept_failure.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "io/paths.h"

namespace mrf::process {

namespace {

constexpr int most_names = 100000;

// A word in single quotes, as sh reads it.
std::string shell_word(std::string_view word) {
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

// The same, with the files replaced that the command gets beside the script.
std::string command_word(std::string_view word, const std::vector<MovedFile>& moved) {
  for (const auto& file : moved) {
    const std::size_t at = word.find(file.path);
    if (file.path.empty() || at == std::string_view::npos) continue;
    return command_word(word.substr(0, at), moved) + "\"$here\"" + shell_word("/" + file.name) +
           command_word(word.substr(at + file.path.size()), moved);
  }
  return shell_word(word);
}

// The directory for one failure: nothing that was kept before is replaced.
std::string make_directory(const std::string& directory, const std::string& name) {
  for (int number = 1;; ++number) {
    const std::string suffix = number > 1 ? fmt::format(".{}", number) : "";
    std::string path = fmt::format("{}/{}{}", directory, name, suffix);
    if (::mkdir(path.c_str(), 0700) == 0) return path;
    if (errno != EEXIST || number == most_names) throw base::SystemError("create", path);
  }
}

template <typename Write>
void write_file(const std::string& path, unsigned mode, const Write& write) {
  io::Fd file = io::open_file(path, O_WRONLY | O_CREAT | O_EXCL, mode);
  write(file, path);
  if (const int error = file.close(); error != 0) throw base::SystemError("write", path, error);
}

void write_text(const std::string& path, unsigned mode, std::string_view text) {
  write_file(path, mode, [&](io::FdRef to, const std::string& name) {
    io::Meter meter;
    io::write_all(to, name, text, meter);
  });
}

// A variable that names a file of the run, which is gone then, names one beside the script.
std::string variable_text(const std::string& variable) {
  for (const auto& [name, file] : {std::pair{"MRF_RESULT", "result"}, std::pair{"MRF_SIDE", "side"}}) {
    if (variable.starts_with(fmt::format("{}=", name))) return fmt::format("{}=\"$here\"/{}", name, file);
  }
  return shell_word(variable);
}

// The environment is a file of its own, so that a user who passes the other files on can leave it out.
std::string environment_text(const LaunchSpec& spec) {
  std::string text = "# What the environment of the command was; again.sh reads it.\nset -- env -i \\\n";
  for (const auto& variable : environment_of(spec)) text += "  " + variable_text(variable) + " \\\n";
  return text + "  \"$@\"\n";
}

std::string script_text(const FailureToKeep& failure) {
  std::string text = "#!/bin/sh\n# Runs the command again on what it read.\n";
  for (const auto& line : failure.about) text += "# " + base::printable(line) + "\n";
  text += "here=$(CDPATH='' cd -- \"$(dirname -- \"$0\")\" && pwd) || exit 1\n";
  std::error_code error;
  const std::string directory = std::filesystem::current_path(error).string();
  if (!error) text += fmt::format("cd -- {} || exit 1\n", shell_word(directory));
  text += "set --";
  // env(1) takes a word with '=' for a variable; nice(1) does not.
  if (failure.spec.words[0].find('=') != std::string::npos) text += " nice -n 0";
  for (const auto& word : failure.spec.words) text += " " + command_word(word, failure.moved);
  text += "\nif [ -e \"$here/environment\" ]; then . \"$here/environment\"; fi\n";
  // The shell's own standard error is /dev/null: the shell would print the signal that ended the command.
  return text + "exec 3>&2 2>/dev/null\ncat -- \"$here/input\" 2>&3 3>&- | \"$@\" 2>&3 3>&-\n";
}

void write_files(const std::string& path, const FailureToKeep& failure) {
  write_file(path + "/input", 0600, failure.write_input);
  write_text(path + "/environment", 0600, environment_text(failure.spec));
  write_text(path + "/stderr", 0600, failure.standard_error);
  write_text(path + "/again.sh", 0700, script_text(failure));
}

}  // namespace

std::string keep_failure(const std::string& directory, const FailureToKeep& failure) {
  const bool is_new = ::mkdir(directory.c_str(), 0700) == 0;
  if (!is_new && errno != EEXIST) throw base::SystemError("create", directory);
  std::string path;
  try {
    path = make_directory(directory, failure.name);
    write_files(path, failure);
  } catch (...) {
    std::error_code error;
    if (!path.empty()) std::filesystem::remove_all(path, error);
    if (is_new) ::rmdir(directory.c_str());  // another failure may be in it by now
    throw;
  }
  return path;
}

void check_keep_directory(const std::string& directory) {
  struct stat info {};
  if (::stat(directory.c_str(), &info) == 0) {
    if (!S_ISDIR(info.st_mode)) throw base::SystemError("create", directory, EEXIST);
    if (::access(directory.c_str(), W_OK | X_OK) != 0) throw base::SystemError("create", directory);
    return;
  }
  if (errno != ENOENT || directory.empty() || ::access(io::directory_of(directory).c_str(), W_OK | X_OK) != 0)
    throw base::SystemError("create", directory);
}

}  // namespace mrf::process
