// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "fetch/checks.h"
#include "fetch/object_output.h"
#include "io/fd.h"

namespace mrf::fetch {

/// A file that is written in any order and gets its name at the end.
class WritableFile {
 public:
  virtual ~WritableFile() = default;
  /// Readable and writable.
  virtual io::FdRef fd() const = 0;
  virtual const std::string& name() const = 0;
  /// What an earlier run left of this version; it can be trusted to be in the file.
  virtual std::vector<ByteRange> found(const http::ObjectVersion& /*version*/) { return {}; }
  /// The file holds these bytes now; called from time to time.
  virtual void remember(const std::vector<ByteRange>& /*runs*/) {}
  /// The file holds these bytes and will not get its name in this run.
  virtual void leave(const std::vector<ByteRange>& /*runs*/) {}
  /// The content is worthless, the file is to be filled anew. Throws SystemError.
  virtual void reset() = 0;
  /// The content is worthless, the name is not to be given.
  virtual void discard() {}
  virtual void commit() = 0;
};

/// Bytes that go to their places in a file, from any thread.
class FileOutput final : public ObjectOutput, private ByteAccess {
 public:
  FileOutput(std::unique_ptr<WritableFile> file, Checks& checks, std::string object);
  ~FileOutput() override;

  std::vector<ByteRange> begin(const http::ResponseHead& head, const http::ObjectVersion& version) override;
  bool in_order() const override { return false; }
  void take(std::uint64_t at, std::string_view bytes) override;
  bool work_off() override;
  void forget(base::Status status, const std::string& reason) override;
  void finish() override;

 private:
  std::string_view view(std::uint64_t at, std::span<char> scratch) override;
  void reserve(std::uint64_t total);
  bool is_time_to_remember();
  void remember();
  std::vector<ByteRange> known_runs();
  void require_size();

  std::unique_ptr<WritableFile> file_;
  Checks& checks_;
  std::string object_;
  bool begun_ = false;
  bool over_ = false;
  std::mutex remember_mutex_;
  std::atomic<std::uint64_t> since_remembered_{0};  ///< bytes
  std::atomic<std::chrono::steady_clock::time_point> remembered_at_;
  std::mutex found_mutex_;
  std::vector<ByteRange> found_;  ///< what an earlier run left and the checks have not seen, the last first
};

}  // namespace mrf::fetch
