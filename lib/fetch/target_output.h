// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "fetch/checks.h"
#include "fetch/made_directories.h"
#include "fetch/object_output.h"
#include "fetch/target.h"
#include "http/url.h"
#include "io/output_file.h"
#include "io/signals.h"
#include "io/stats.h"

namespace mrf::fetch {

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

  std::vector<ByteRange> begin(const http::ResponseHead& head, const http::ObjectVersion& version) override;
  bool may_wait() const override;
  bool in_order() const override { return output_->in_order(); }
  std::uint64_t room_end() const override { return output_->room_end(); }
  void take(std::uint64_t at, std::string_view bytes) override;
  bool can_forget() const override { return !output_ || output_->can_forget(); }
  bool work_off() override { return output_->work_off(); }
  void forget(base::Status status, const std::string& reason) override { output_->forget(status, reason); }
  void finish() override;

  /// For reports; "" before it is known.
  const std::string& name() const { return name_; }
  const Checks& checks() const { return checks_; }
  /// Bytes written, and the time that writing to a pipe took.
  io::Meter meter() const;

 private:
  Target place(const http::ResponseHead& head);
  void require_free(const Target& target) const;
  void open(const http::ResponseHead& head);

  const http::Url& url_;
  TargetOptions options_;
  std::string name_;
  Checks checks_;
  io::Meter meter_;
  std::optional<io::InterruptionScope> interruptions_;  ///< once there is a file to be left in order
  std::optional<io::ImmediateEndings> waits_;           ///< once there is a pipe or device
  MadeDirectories made_;                                ///< outlives the file in it
  std::shared_ptr<io::OutputFile> direct_;              ///< a pipe or device
  std::unique_ptr<ObjectOutput> output_;
};

}  // namespace mrf::fetch
