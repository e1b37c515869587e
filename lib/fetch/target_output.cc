// SPDX-License-Identifier: MIT
#include "fetch/target_output.h"

#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "base/error.h"
#include "fetch/file_output.h"
#include "fetch/ordered_output.h"
#include "fetch/part_file.h"
#include "io/fd.h"
#include "io/output_file.h"
#include "io/paths.h"

namespace mrf::fetch {

namespace {

class NewFile final : public WritableFile {
 public:
  NewFile(io::OutputFile file, MadeDirectories& directories)
      : file_(std::move(file)), directories_(directories) {}
  io::FdRef fd() const override { return file_.fd(); }
  const std::string& name() const override { return file_.name(); }
  void reset() override {
    if (::ftruncate(file_.fd().get(), 0) != 0) throw base::SystemError("write", name());
  }
  // Where the file had no name yet, another process may have removed its directory as one that it had made.
  void commit() override {
    directories_.make(io::directory_of(file_.name()));
    file_.commit();
  }

 private:
  io::OutputFile file_;
  MadeDirectories& directories_;
};

bool is_file_or_missing(const std::string& path) {
  struct stat info {};
  return path != "-" && (::stat(path.c_str(), &info) != 0 || S_ISREG(info.st_mode));
}

}  // namespace

TargetOutput::TargetOutput(const http::Url& url, TargetOptions options)
    : url_(url), options_(std::move(options)), checks_(options_.checks) {}

// Of a list: a FIFO waits for its reader, and a new file for the journal while others are synced.
bool TargetOutput::may_wait() const { return options_.directories != nullptr; }

std::vector<ByteRange> TargetOutput::begin(const http::ResponseHead& head,
                                           const http::ObjectVersion& version) {
  if (!output_) open(head);
  return output_->begin(head, version);
}

Target TargetOutput::place(const http::ResponseHead& head) {
  if (options_.directories != nullptr) {
    interruptions_.emplace();
    options_.directories->make(io::directory_of(options_.path));
    return {options_.path, false};
  }
  Target target = choose_target(options_.path, url_, head);
  if (is_file_or_missing(target.path)) interruptions_.emplace();
  if (options_.path.ends_with('/')) made_.make(options_.path);
  return target;
}

void TargetOutput::require_free(const Target& target) const {
  struct stat info {};
  if (!target.is_servers_choice || options_.overwrite || ::lstat(target.path.c_str(), &info) != 0) return;
  throw base::Error(base::Status::failure, "write", target.path,
                    "the server chose this name, and there is a file that has it; give PATH, or --overwrite");
}

void TargetOutput::open(const http::ResponseHead& head) {
  const Target target = place(head);
  require_free(target);
  const std::string& path = target.path;
  if (options_.on_target) options_.on_target(path);
  if (!is_file_or_missing(path)) waits_.emplace();
  const bool keeps = target.is_servers_choice && !options_.overwrite;
  const auto existing = keeps ? io::OutputFile::Existing::kept : io::OutputFile::Existing::replaced;
  if (options_.resume && is_file_or_missing(path)) {
    name_ = path;
    output_ = std::make_unique<FileOutput>(std::make_unique<PartFile>(path, existing), checks_, url_.shown());
    return;
  }
  auto file = std::make_shared<io::OutputFile>(path, existing);
  name_ = file->name();
  if (!file->is_direct()) {
    auto& directories = options_.directories != nullptr ? *options_.directories : made_;
    output_ = std::make_unique<FileOutput>(std::make_unique<NewFile>(std::move(*file), directories), checks_,
                                           url_.shown());
    return;
  }
  direct_ = file;
  io::enlarge_pipe(file->fd(), io::most_pipe_bytes);
  const auto write = [this, file](std::string_view bytes) {
    io::write_all(file->fd(), name_, bytes, meter_);
  };
  output_ = std::make_unique<OrderedOutput>(write, name_, options_.buffer, checks_, url_.shown());
}

void TargetOutput::take(std::uint64_t at, std::string_view bytes) { output_->take(at, bytes); }

void TargetOutput::finish() {
  output_->finish();
  if (direct_) direct_->commit();
}

io::Meter TargetOutput::meter() const { return {checks_.bytes(), meter_.waited}; }

}  // namespace mrf::fetch
