// SPDX-License-Identifier: MIT
#include "run/workspace.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <random>
#include <set>
#include <string_view>
#include <system_error>

#include "base/error.h"
#include "base/redact.h"
#include "io/fd.h"
#include "io/move_bytes.h"
#include "io/output_file.h"
#include "io/paths.h"
#include "io/temporaries.h"

namespace mrf::run {

namespace fs = std::filesystem;

namespace {

constexpr int least_passed_descriptor = 20;

std::string unique_name(const std::string& directory, std::string_view name) {
  std::random_device random;
  return fmt::format("{}/{}.{:08x}{:08x}", directory, name, random(), random());
}

void make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0) throw base::SystemError("make", path);
}

// `directory` could not be made beside the result.
[[noreturn]] void refuse_to_write(const std::string& path, const std::string& directory) {
  const int error = errno;
  const std::string parent = io::directory_of(directory);
  if (error == ENOENT && ::access(parent.c_str(), F_OK) != 0)
    throw base::Error(base::Status::failure, "write", path,
                      fmt::format("there is no directory '{}'", base::redact_name(parent)));
  throw base::SystemError("write", path, error);
}

// Where a file goes that a job made beside its result, which it wrote under the name `written`. When the
// result is a link, its index belongs to the link's target.
std::string name_beside(const std::string& target, const std::string& written, const std::string& file) {
  const std::string directory = io::directory_of(target) + "/";
  return directory + (file.starts_with(written) ? io::base_of(target) + file.substr(written.size()) : file);
}

// False with the reason in errno.
bool can_make_in(const std::string& directory) {
  return ::access((directory + "/.").c_str(), W_OK | X_OK) == 0;
}

// Empties `path` when nothing is left of it.
void remove_tree(std::string& path) noexcept {
  std::error_code error;
  if (!path.empty()) fs::remove_all(path, error);
  if (!error) path.clear();
}

// Syncs a result, and gives it the mode of the file that it replaces, without setuid, setgid and sticky bits.
void make_ready(const std::string& path, const std::string& target, const std::string& name) {
  io::sync_file(io::open_file(path, O_RDONLY), name);
  struct stat before {};
  if (::stat(target.c_str(), &before) == 0 && ::chmod(path.c_str(), before.st_mode & 0777) != 0) {
    throw base::SystemError("write", name);
  }
}

constexpr std::string_view name_characters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.@";

void replace_all(std::string& line, const std::string& from, const std::string& to) {
  for (std::size_t at = line.find(from); at != std::string::npos; at = line.find(from, at + to.size()))
    line.replace(at, from.size(), to);
}

// A word as messages show it: a result by its path.
std::string displayed(const workflow::Word& word) {
  std::string text;
  for (const auto& part : word)
    text += part.kind == workflow::WordPart::Kind::save ? part.text : workflow::text_of(part);
  return text;
}

}  // namespace

Workspace::Workspace(const workflow::Plan& plan, const std::string& report) : report_name_(report) {
  for (const auto& path : plan.results) results_.emplace(path, result_for(path));
  if (!report.empty()) report_ = result_for(report);
  for (const auto& [path, result] : results_) {
    if (!report.empty() && io::place_of(result.target) == io::place_of(report_.target))
      throw base::UsageError("write", report, "a result has that name");
  }
  root_ = io::temporary_directory();
  parent_ = io::absolute_temporary_directory();
  directory_ = unique_name(parent_, fifo_directory_prefix);
}

void Workspace::check() const {
  for (const auto& [path, result] : results_) check_result_directory(path, result);
  check_result_directory(report_name_, report_);
  if (!can_make_in(root_)) throw base::SystemError("make a directory for FIFOs in", root_);
}

void Workspace::check_result_directory(const std::string& path, const Result& result) {
  if (!result.directory.empty() && !can_make_in(io::directory_of(result.directory)))
    refuse_to_write(path, result.directory);
}

// The mark comes first, so that whatever is made behind it is found by the next run.
void Workspace::make(const workflow::Plan& plan) {
  remove_leftovers(parent_);
  if (::mkdir(directory_.c_str(), 0700) != 0) throw base::SystemError("make a directory for FIFOs in", root_);
  mark_.set(directory_, result_directories());
  for (const auto& [path, result] : results_) make_result_directory(path, result);
  make_result_directory(report_name_, report_);
  for (const auto& path : workflow::appended_results(plan)) copy_for_appending(path);
  make_fifos(plan);
}

std::vector<std::string> Workspace::result_directories() const {
  std::vector<std::string> directories;
  for (const auto& [path, result] : results_) {
    if (!result.directory.empty()) directories.push_back(result.directory);
  }
  if (!report_.directory.empty()) directories.push_back(report_.directory);
  return directories;
}

void Workspace::make_result_directory(const std::string& path, const Result& result) {
  if (result.directory.empty() || ::mkdir(result.directory.c_str(), 0700) == 0) return;
  refuse_to_write(path, result.directory);
}

// A result that a job appends to begins with a copy of the file, as with >> in sh(1).
void Workspace::copy_for_appending(const std::string& path) const {
  const Result& result = results_.at(path);
  struct stat info {};
  if (result.directory.empty()) return;
  if (::stat(result.target.c_str(), &info) != 0) {
    if (errno == ENOENT) return;
    throw base::SystemError("open", path);
  }
  const io::Fd from = io::open_file(result.target, O_RDONLY);
  io::Fd to = io::open_file(result.written, O_WRONLY | O_CREAT | O_EXCL);
  io::copy_file(from, static_cast<std::uint64_t>(info.st_size), to, path);
  if (const int error = to.close(); error != 0) throw base::SystemError("write", path, error);
}

std::string Workspace::file_name(const std::string& fifo) { return workflow::fifo_file_name(fifo); }

void Workspace::make_fifos(const workflow::Plan& plan) {
  make_directory(in_directory());
  make_directory(out_directory());
  make_directory(own_directory());
  make_directory(stats_directory());
  make_directory(results_directory());
  for (const auto& fifo : plan.fifos) {
    const std::string out = out_directory() + "/" + file_name(fifo.name);
    if (::mkfifo(out.c_str(), 0600) != 0) throw base::SystemError("make FIFO", out);
    for (const std::string& directory : {in_directory(), own_directory()}) {
      const std::string link = directory + "/" + file_name(fifo.name);
      if (::link(out.c_str(), link.c_str()) == 0) continue;
      const int error = errno;
      if (error != EPERM && error != EMLINK && error != EOPNOTSUPP && error != ENOSYS && error != EXDEV)
        throw base::SystemError("make FIFO", link, error);
      throw base::Error(base::Status::failure, "make FIFO", link,
                        "its file system has no hard links; name a directory on another one with TMPDIR");
    }
  }
}

Workspace::Result Workspace::result_for(const std::string& path) {
  Result result;
  if (const int fd = io::inherited_descriptor(path); fd >= 0) {
    // A job may have another standard output, or use small numbers itself.
    result.descriptor = io::Fd(io::adopt_fd, ::fcntl(fd, F_DUPFD_CLOEXEC, least_passed_descriptor));
    if (!result.descriptor.is_open()) throw base::SystemError("open", path);
    result.target = path;
    result.written = fmt::format("/dev/fd/{}", result.descriptor.get());
    return result;
  }
  result.target = io::follow_link(path);
  struct stat info {};
  const bool exists = ::stat(result.target.c_str(), &info) == 0;
  if (!exists && errno != ENOENT) throw base::SystemError("open", path);
  if (exists && S_ISDIR(info.st_mode)) throw base::SystemError("open", path, EISDIR);
  if (exists && ::access(result.target.c_str(), W_OK) != 0) throw base::SystemError("open", path);
  if (exists && !S_ISREG(info.st_mode)) {
    result.written = path.starts_with('-') ? "./" + path : path;
  } else {
    const std::string place = io::directory_of(result.target);
    result.directory = unique_name(place, result_directory_prefix);
    // What cannot be opened is told by make().
    if (!places_.contains(place))
      places_.emplace(place, io::Fd(io::adopt_fd, ::open(place.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)));
    result.written = result.directory + "/" + io::base_of(path);
  }
  return result;
}

// The result, and what else the job made beside it.
void Workspace::add_finished(const std::string& path, const Result& result) {
  if (::access(result.written.c_str(), F_OK) != 0) {
    const std::string place = io::directory_of(result.target);
    if (has_moved(place))
      throw base::Error(
          base::Status::failure, "publish", path,
          fmt::format("the directory '{}' has been renamed or removed during the run; run it again",
                      base::redact_name(place)));
    throw base::Error(base::Status::failure, "publish", path, "its job succeeded, but did not write it");
  }
  std::error_code error;
  for (fs::directory_iterator entry(result.directory, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string file = entry->path();
    const std::string to = name_beside(result.target, io::base_of(path), io::base_of(file));
    const std::string& name = file == result.written ? path : to;
    // What a link leads to is not the run's.
    std::error_code is_of_no_use;
    if (entry->symlink_status(is_of_no_use).type() == fs::file_type::regular) make_ready(file, to, name);
    prepared_.push_back({file, to, name});
  }
  if (error) throw base::SystemError("publish", path, error.value());
}

std::vector<process::AwaitedFile> Workspace::awaited_files() const {
  std::vector<process::AwaitedFile> files;
  const auto add = [&files](const std::string& path, const std::string& name) {
    struct stat info {};
    if (::stat(path.c_str(), &info) == 0 && !S_ISCHR(info.st_mode)) files.push_back({name, io::FileId(info)});
  };
  const auto add_all_in = [&add](const std::string& directory, const auto& name_of) {
    std::error_code error;
    for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error))
      add(entry->path(), name_of(entry->path().filename().string()));
  };
  for (const auto& [path, result] : results_) {
    if (result.directory.empty()) {
      add(result.written, fmt::format("'{}'", path));
      continue;
    }
    files.push_back({fmt::format("'{}'", path), std::nullopt, io::base_of(result.directory)});
    add_all_in(result.directory, [&, &target = result.target, &shown = path](const std::string& file) {
      const std::string written = io::base_of(shown);
      return fmt::format("'{}'", file == written ? shown : name_beside(target, written, file));
    });
  }
  add_all_in(results_directory(), [](const std::string&) { return "the return value"; });
  return files;
}

std::vector<process::AwaitedFile> Workspace::awaited_fifos(const workflow::Plan& plan,
                                                           std::size_t job) const {
  std::vector<process::AwaitedFile> files;
  const auto add = [&](std::size_t fifo, std::string_view side, const std::string& directory) {
    const std::string& name = plan.fifos[fifo].name;
    const std::string path = directory + "/" + file_name(name);
    const bool is_of_rounds = plan.fifos[fifo].writers.size() > 1;
    files.push_back(
        {fmt::format("'{}:{}'", side, name), is_of_rounds ? io::find_file_id(path) : std::nullopt, path});
  };
  for (const std::size_t fifo : plan.jobs[job].writes) add(fifo, "out", out_directory());
  for (const std::size_t fifo : plan.jobs[job].reads) add(fifo, "in", in_directory());
  return files;
}

void Workspace::prepare() {
  for (const auto& [path, result] : results_) {
    if (!result.directory.empty()) add_finished(path, result);
  }
  std::set<std::string> places{io::place_of(report_.target)};
  for (const auto& file : prepared_) {
    if (!places.insert(io::place_of(file.to)).second)
      throw base::Error(base::Status::failure, "publish", file.name, "it is written twice");
  }
}

void Workspace::publish() {
  if (!report_.directory.empty() && ::access(report_.written.c_str(), F_OK) == 0)
    add_finished(report_name_, report_);
  io::rename_together(prepared_);
}

// Whether the path leads no longer to the directory that it led to at the start.
bool Workspace::has_moved(const std::string& place) const noexcept {
  const auto held = places_.find(place);
  return held != places_.end() && held->second.is_open() && !io::has_name(held->second, place, true);
}

// A directory beside a result goes with the one that holds it when that is renamed.
void Workspace::remove_directory(std::string& directory) noexcept {
  try {
    const std::string place = io::directory_of(directory);
    if (!directory.empty() && has_moved(place)) {
      std::error_code is_unknown;
      const fs::path moved =
          fs::read_symlink(fmt::format("/proc/self/fd/{}", places_.at(place).get()), is_unknown);
      if (!is_unknown) directory = moved / io::base_of(directory);
    }
  } catch (const std::exception&) {  // without memory it is looked for where it was
  }
  remove_tree(directory);
}

void Workspace::remove(bool keep_fifos) noexcept {
  for (auto& [path, result] : results_) remove_directory(result.directory);
  remove_directory(report_.directory);
  // Until here the mark names directories that are there.
  if (keep_fifos) {
    LiveMark::remove(directory_);
  } else {
    mark_ = LiveMark();  // whose descriptor may be the last one
    remove_tree(directory_);
  }
}

DisplayNames::DisplayNames(const workflow::Plan& plan, const Workspace& workspace,
                           const std::vector<std::pair<std::string, std::string>>& others)
    : directory_(workspace.directory() + "/"), standard_(plan.jobs.size()) {
  for (const auto& fifo : plan.fifos) fifos_.emplace(Workspace::file_name(fifo.name), fifo.name);
  for (const auto& path : plan.results) {
    if (workspace.result_path(path) != path) paths_.emplace_back(workspace.result_path(path), path);
  }
  paths_.insert(paths_.end(), others.begin(), others.end());
  for (std::size_t at = 0; at < plan.jobs.size(); ++at) {
    for (const auto& redirection : plan.jobs[at].redirections) {
      if (redirection.fd > 1 || !workflow::has_reference(redirection.target)) continue;
      standard_[at].emplace_back(fmt::format("'{}'", redirection.fd == 0 ? io::stdin_name : io::stdout_name),
                                 fmt::format("'{}'", displayed(redirection.target)));
    }
  }
}

std::string DisplayNames::in_line(std::size_t job, std::string line) const {
  replace_fifos(line);
  for (const auto& [path, shown] : paths_) replace_all(line, path, shown);
  for (const auto& [standard, target] : standard_[job]) replace_all(line, standard, target);
  return line;
}

void DisplayNames::replace_fifos(std::string& line) const {
  for (std::size_t at = line.find(directory_); at != std::string::npos; at = line.find(directory_, at + 1)) {
    std::string_view rest = std::string_view(line).substr(at + directory_.size());
    std::string_view side;
    if (rest.starts_with("in/")) side = "in";
    if (rest.starts_with("out/")) side = "out";
    if (side.empty()) continue;
    rest.remove_prefix(side.size() + 1);
    std::string name(rest.substr(0, rest.find_first_not_of(name_characters)));
    if (name.ends_with('.')) name.pop_back();
    const auto fifo = fifos_.find(name);
    if (fifo == fifos_.end()) continue;
    line.replace(at, directory_.size() + side.size() + 1 + name.size(),
                 fmt::format("{}:{}", side, fifo->second));
  }
}

}  // namespace mrf::run
