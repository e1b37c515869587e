// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fetch/integrity.h"
#include "fetch/object_output.h"
#include "fetch/stoppable_pipe.h"
#include "fetch/target.h"
#include "http/url.h"
#include "io/fd.h"
#include "io/output_file.h"
#include "io/ring_memory.h"
#include "io/signals.h"
#include "io/stats.h"

namespace mrf::fetch {

/// Gives the bytes of an object to a reader in their order. What comes early waits in a ring of shared
/// memory, which is a window of the object: byte N stands at N modulo its size.
class OrderedOutput final : public ObjectOutput, private ByteAccess {
 public:
  using Reader = std::function<void(std::string_view)>;

  /// `memory` bytes of ring at most, at least 2 MiB. `reader` takes all it gets, in the thread of take();
  /// `name` is its name in messages. `drop`, when there is one, makes it forget all that it got, so that the
  /// object can be fetched again from the beginning.
  OrderedOutput(Reader reader, std::string name, std::size_t memory, Checks& checks, std::string object,
                std::function<void()> drop = {});
  ~OrderedOutput() override;

  BytesThere begin(const http::ResponseHead& head, const http::ObjectVersion& version) override;
  bool in_order() const override { return true; }
  std::uint64_t room_end() const override {
    return std::min<std::uint64_t>(given_, checks_.needed_from()) + memory_;
  }
  void take(std::uint64_t at, std::string_view bytes) override;
  bool can_forget() const override { return given_ == 0 || drop_; }
  void forget(base::Status status, const std::string& reason) override;
  void finish() override;

 private:
  std::string_view view(std::uint64_t at, std::span<char> scratch) override;

  Reader reader_;
  std::function<void()> drop_;
  std::string name_;
  std::size_t memory_;
  Checks& checks_;
  std::string object_;
  std::optional<io::RingMemory> ring_;
  std::atomic<std::uint64_t> given_{0};  ///< bytes that the reader has
};

/// Bytes [begin, end) of an object, with their CRC-32C.
struct PartSum {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint32_t crc = 0;
};

/// A file that is written in any order and gets its name at the end.
class WritableFile {
 public:
  virtual ~WritableFile() = default;
  /// Readable and writable.
  virtual io::FdRef fd() const = 0;
  virtual const std::string& name() const = 0;
  /// What an earlier run left.
  struct Found {
    std::vector<PartSum> parts{};        ///< in order; whether they are in the file, their CRCs tell
    bool is_to_be_compared = false;      ///< whether they are of this version, samples of them tell
    bool is_of_another_version = false;  ///< what is there, and so there are no parts
  };
  virtual Found found(const http::ObjectVersion& /*version*/) { return {}; }
  /// Behind found(): of how many bytes the parts are, at most, that remember() and leave() are to be told of.
  /// 0: nothing is kept.
  virtual std::uint64_t part_size() const { return 0; }
  /// The file holds these parts now; called from time to time.
  virtual void remember(const std::vector<PartSum>& /*parts*/) {}
  /// The file holds these parts and will not get its name in this run.
  virtual void leave(const std::vector<PartSum>& /*parts*/) {}
  /// The content is worthless, the file is to be filled anew. Throws SystemError.
  virtual void reset() = 0;
  /// The content is worthless, the name is not to be given.
  virtual void discard() {}
  virtual void commit() = 0;
  /// What commit() commits, when it may be committed beside others by whoever asks; else null.
  virtual io::OutputFile* committed_with_others() { return nullptr; }
};

/// Bytes that go to their places in a file, from any thread.
class FileOutput final : public ObjectOutput, private ByteAccess {
 public:
  FileOutput(std::unique_ptr<WritableFile> file, Checks& checks, std::string object);
  ~FileOutput() override;

  BytesThere begin(const http::ResponseHead& head, const http::ObjectVersion& version) override;
  bool in_order() const override { return false; }
  void take(std::uint64_t at, std::string_view bytes) override;
  WorkedOff work_off() override;
  bool can_compare() const override { return true; }
  bool agrees(std::uint64_t at, std::string_view bytes) override;
  void forget(base::Status status, const std::string& reason) override;
  io::OutputFile* prepare() override;
  void finish() override;

 private:
  std::string_view view(std::uint64_t at, std::span<char> scratch) override;
  bool is_as_written(const PartSum& part, Checks::Run& run);
  void add(std::uint64_t at, std::string_view bytes);
  void check();
  void reserve(std::uint64_t total);
  bool is_time_to_remember();
  void remember();
  std::vector<PartSum> known_parts();
  std::uint64_t size_of_file() const;
  void require_written() const;
  void require_size() const;
  void require_holes_of_zeros();

  std::unique_ptr<WritableFile> file_;
  Checks& checks_;
  std::string object_;
  bool begun_ = false;
  bool checked_ = false;
  bool over_ = false;
  std::mutex remember_mutex_;
  std::atomic<std::uint64_t> since_remembered_{0};  ///< bytes
  std::atomic<std::chrono::steady_clock::time_point> remembered_at_;
  std::atomic<std::uint64_t> written_end_{0};  ///< behind the last byte of data in the file
  std::mutex parts_mutex_;
  std::vector<PartSum> found_;   ///< what an earlier run left and nobody has looked at, the last first
  Coverage parts_;               ///< what is in the file and can be kept
  std::uint64_t part_size_ = 0;  ///< of these
};

struct TargetOptions {
  std::string path;               ///< as choose_target() takes it; with `directories` a file's
  std::size_t buffer = 64 << 20;  ///< bytes that may wait for their turn
  CheckOptions checks;
  bool resume = false;  ///< leaves behind what an interrupted run has fetched, and takes it up
  MadeDirectories* directories = nullptr;  ///< where those above the file are made; null: they must be there
  bool overwrite = false;                  ///< a name that the server chose may replace a file
  std::function<void(const std::string&)> on_target{};  ///< told of the target before it is opened; may throw
};

/// The file, pipe or device that a user names; it is opened when the first response is there.
class TargetOutput final : public ObjectOutput {
 public:
  TargetOutput(const http::Url& url, TargetOptions options);

  BytesThere begin(const http::ResponseHead& head, const http::ObjectVersion& version) override;
  bool may_wait() const override;
  bool in_order() const override { return output_->in_order(); }
  std::uint64_t room_end() const override { return output_ ? output_->room_end() : unknown_end; }
  void take(std::uint64_t at, std::string_view bytes) override;
  bool can_forget() const override { return !output_ || output_->can_forget(); }
  WorkedOff work_off() override;
  bool can_compare() const override { return output_ && output_->can_compare(); }
  bool agrees(std::uint64_t at, std::string_view bytes) override { return output_->agrees(at, bytes); }
  void forget(base::Status status, const std::string& reason) override;
  void stop() override;
  bool is_held() const override { return output_ && output_->is_held(); }
  io::OutputFile* prepare() override { return output_->prepare(); }
  void finish() override;

  /// For reports; "" before it is known.
  const std::string& name() const { return name_; }
  const Checks& checks() const { return checks_; }
  /// Bytes that an earlier run left.
  std::uint64_t continued() const { return continued_; }
  /// Bytes written, and the time that writing to a pipe took.
  io::Meter meter() const;

 private:
  Target place(const http::ResponseHead& head);
  void require_free(const Target& target) const;
  void open(const http::ResponseHead& head, const http::ObjectVersion& version);
  bool is_to_be_held(const std::string& path, const http::ObjectVersion& version) const;
  io::OutputFile open_file(const std::string& path, io::OutputFile::Existing existing);
  void open_pipe();

  const http::Url& url_;
  TargetOptions options_;
  std::string name_;
  Checks checks_;
  std::uint64_t continued_ = 0;
  io::Meter meter_;
  std::optional<io::InterruptionScope> interruptions_;  ///< once there is a file to be left in order
  std::optional<io::ImmediateEndings> waits_;           ///< once there is a pipe or device, the only target
  MadeDirectories made_;                                ///< outlives the file in it
  std::shared_ptr<io::OutputFile> direct_;              ///< a pipe or device, the only target
  std::optional<StoppablePipe> pipe_;                   ///< the same, one of several targets
  std::unique_ptr<ObjectOutput> output_;
};

}  // namespace mrf::fetch
