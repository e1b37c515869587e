// SPDX-License-Identifier: MIT
#include "chunk/filter_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/environment.h"
#include "base/error.h"
#include "base/message.h"
#include "io/fd.h"
#include "io/move_bytes.h"
#include "io/paths.h"
#include "io/return_value.h"

namespace mrf::chunk {

namespace {

constexpr const char* side_variable = "MRF_SIDE";

// Return values are kept in memory until the end.
constexpr std::size_t most_bytes_of_all = std::size_t{16} << 20;

// Removes whatever a filter has put in the place of its file.
void remove(io::Temporary& file) {
  std::error_code ignored;
  if (!file.empty()) std::filesystem::remove_all(file.path(), ignored);
  file.remove();
}

}  // namespace

// Under mrf-run in the directory of the run, which is removed even after KILL.
FilterFiles::FilterFiles(const std::string& side)
    : has_results_(!base::environment(io::result_variable).empty()),
      directory_(has_results_ ? io::directory_of(base::environment(io::result_variable))
                              : io::absolute_temporary_directory()) {
  if (!side.empty()) side_.emplace(side);
}

FilterFiles::~FilterFiles() {
  for (auto& [chunk, files] : files_) {
    remove(files.result);
    remove(files.side);
  }
}

void FilterFiles::begin(std::uint64_t chunk) {
  Files& files = files_[chunk];
  remove(files.result);
  remove(files.side);
  if (has_results_) files.result = io::make_temporary_file(directory_, "result");
  if (side_) files.side = io::make_temporary_file(directory_, "side");
}

std::vector<std::string> FilterFiles::environment(std::uint64_t chunk) const {
  const Files& files = files_.at(chunk);
  std::vector<std::string> variables;
  if (has_results_) variables.push_back(fmt::format("{}={}", io::result_variable, files.result.path()));
  if (side_) variables.push_back(fmt::format("{}={}", side_variable, files.side.path()));
  return variables;
}

std::vector<process::AwaitedFile> FilterFiles::awaited(std::uint64_t chunk) const {
  const Files& files = files_.at(chunk);
  std::vector<process::AwaitedFile> awaited;
  if (has_results_) awaited.push_back({io::result_variable, io::find_file_id(files.result.path())});
  if (side_) awaited.push_back({side_variable, io::find_file_id(files.side.path()), files.side.path()});
  return awaited;
}

void FilterFiles::take(std::uint64_t chunk) {
  Files& files = files_.at(chunk);
  if (has_results_) take_result(files.result, chunk);
  if (side_) take_side(files.side, chunk);
  drop(chunk);
}

void FilterFiles::drop(std::uint64_t chunk) {
  if (const auto files = files_.find(chunk); files != files_.end()) {
    remove(files->second.result);
    remove(files->second.side);
    files_.erase(files);
  }
  ++taken_;
}

void FilterFiles::take_result(const io::Temporary& file, std::uint64_t chunk) {
  try {
    auto text = io::read_return_value(file.path(), fmt::format("chunk {}", chunk));
    if (!text) return;
    if (result_bytes_ + text->size() > most_bytes_of_all)
      throw base::Error(base::Status::failure, "keep", fmt::format("return value of chunk {}", chunk),
                        fmt::format("those of the chunks before it have {} bytes", result_bytes_));
    result_bytes_ += text->size();
    results_.resize(chunk + 1);
    results_[chunk] = std::move(text);
  } catch (const base::Error& error) {
    base::warn(error.what());
  }
}

// Its last line is ended, as that of an output is.
void FilterFiles::take_side(const io::Temporary& file, std::uint64_t chunk) {
  const std::string name = fmt::format("side table of chunk {}", chunk);
  const io::Fd part(io::adopt_fd,
                    ::open(file.path().c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW));
  if (!part.is_open() && errno == ENOENT) return;
  struct stat info {};
  if (!part.is_open() || ::fstat(part.get(), &info) != 0) throw base::SystemError("read", name);
  if (!S_ISREG(info.st_mode))
    throw base::Error(base::Status::failure, "read", name, "MRF_SIDE is no regular file any more");
  if (info.st_size == 0) return;
  char last = 0;
  if (::pread(part.get(), &last, 1, info.st_size - 1) != 1) throw base::SystemError("read", name);
  try {
    io::copy_file(part, static_cast<std::uint64_t>(info.st_size), side_->fd(), side_->name());
    io::Meter meter;
    if (last != '\n') io::write_all(side_->fd(), side_->name(), "\n", meter);
  } catch (const base::ClosedOutput&) {  // a FIFO that is not standard output
    throw base::SystemError("write", side_->name(), EPIPE);
  }
}

void FilterFiles::finish() {
  if (!results_.empty()) results_.resize(taken_);
  if (side_) side_->commit();
}

}  // namespace mrf::chunk
