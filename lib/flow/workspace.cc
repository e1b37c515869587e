// SPDX-License-Identifier: MIT
#include "flow/workspace.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <random>
#include <string_view>
#include <system_error>
#include <utility>

#include "sys/error.h"
#include "sys/fd.h"
#include "sys/output_file.h"

namespace mrf {

namespace fs = std::filesystem;

namespace {

std::string temporary_root() {
  const char* root = ::getenv("TMPDIR");
  return root != nullptr && *root != '\0' ? root : "/tmp";
}

std::string unique_name(const std::string& directory, std::string_view name) {
  std::random_device random;
  return fmt::format("{}/{}.{:08x}{:08x}", directory, name, random(), random());
}

void make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0) throw SystemError("make", path);
}

void remove_tree(const std::string& path) noexcept {
  std::error_code ignored;
  if (!path.empty()) fs::remove_all(path, ignored);
}

void move_into_place(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) throw SystemError("write", to);
}

}  // namespace

Workspace::Workspace(const Plan& plan) {
  for (const auto& path : plan.results) add_result(path);
  directory_ = unique_name(temporary_root(), "mrf-run");
}

void Workspace::make(const Plan& plan) {
  for (const auto& [path, result] : results_) {
    if (!result.directory.empty() && ::mkdir(result.directory.c_str(), 0700) != 0) {
      throw SystemError("make a directory for", path);
    }
  }
  if (::mkdir(directory_.c_str(), 0700) != 0) throw SystemError("make a directory for", "FIFOs");
  make_fifos(plan);
}

std::string Workspace::file_name(const std::string& fifo) {
  std::string name = fifo;
  std::replace(name.begin(), name.end(), '[', '.');
  std::erase(name, ']');
  return name;
}

void Workspace::make_fifos(const Plan& plan) {
  make_directory(in_directory());
  make_directory(out_directory());
  make_directory(stats_directory());
  for (const auto& fifo : plan.fifos) {
    const std::string out = out_directory() + "/" + file_name(fifo.name);
    const std::string in = in_directory() + "/" + file_name(fifo.name);
    if (::mkfifo(out.c_str(), 0600) != 0) throw SystemError("make FIFO", out);
    if (::link(out.c_str(), in.c_str()) != 0) throw SystemError("make FIFO", in);
  }
}

void Workspace::add_result(const std::string& path) {
  Result result;
  result.target = follow_link(path);
  struct stat info {};
  const bool exists = ::stat(result.target.c_str(), &info) == 0;
  if (!exists && errno != ENOENT) throw SystemError("open", path);
  if (exists && S_ISDIR(info.st_mode)) throw SystemError("open", path, EISDIR);
  if (exists && ::access(result.target.c_str(), W_OK) != 0) throw SystemError("open", path);
  if (exists && !S_ISREG(info.st_mode)) {
    result.written = path;
  } else {
    result.directory = unique_name(directory_of(result.target), ".mrf-run");
    result.written = result.directory + "/" + base_of(result.target);
  }
  results_.emplace(path, std::move(result));
}

void Workspace::publish() {
  for (const auto& [path, result] : results_) {
    if (result.directory.empty()) continue;
    if (!fs::exists(result.written)) {
      throw Error(Status::failure, "publish", path, "its job succeeded, but did not write it");
    }
    sync_file(open_file(result.written, O_RDONLY), path);
    struct stat before {};
    if (::stat(result.target.c_str(), &before) == 0 &&
        ::chmod(result.written.c_str(), before.st_mode & 07777) != 0) {
      throw SystemError("write", path);
    }
  }
  for (auto& [path, result] : results_) {
    if (result.directory.empty()) continue;
    for (const auto& entry : fs::directory_iterator(result.directory)) {
      if (entry.path() == result.written) continue;
      move_into_place(entry.path(), directory_of(result.target) + "/" + entry.path().filename().string());
    }
    move_into_place(result.written, result.target);
  }
}

void Workspace::remove(bool keep_fifos) noexcept {
  if (!keep_fifos) remove_tree(std::exchange(directory_, {}));
  for (auto& [path, result] : results_) remove_tree(std::exchange(result.directory, {}));
}

}  // namespace mrf
