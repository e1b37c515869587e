// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "fetch/integrity.h"
#include "fetch/object_output.h"
#include "fetch/target.h"
#include "io/output_file.h"

namespace mrf::fetch {

/// A small object on its way to a file. It stays in memory until everything came: then prepare() or finish()
/// opens the file and writes it at once. The thread that commits files does so, unless it is behind with
/// them: so the work with files is shared with the thread that serves the network.
class HeldOutput final : public ObjectOutput, private ByteAccess {
 public:
  /// Opens the file. Throws Error.
  using Open = std::function<io::OutputFile()>;
  /// Objects of more bytes are written as they come.
  static constexpr std::uint64_t most_bytes = 32 << 10;

  /// The references outlive the object. `object` is the name in messages.
  HeldOutput(Open open, MadeDirectories& directories, Checks& checks, std::string object)
      : open_(std::move(open)), directories_(directories), checks_(checks), object_(std::move(object)) {}
  ~HeldOutput() override { checks_.forget(); }
  HeldOutput(const HeldOutput&) = delete;
  HeldOutput& operator=(const HeldOutput&) = delete;

  /// `version` has a size, of at most most_bytes.
  BytesThere begin(const http::ResponseHead& head, const http::ObjectVersion& version) override;
  bool in_order() const override { return false; }
  bool is_held() const override { return true; }
  void take(std::uint64_t at, std::string_view bytes) override;
  bool can_compare() const override { return true; }
  bool agrees(std::uint64_t at, std::string_view bytes) override;
  void forget(base::Status status, const std::string& reason) override;
  io::OutputFile* prepare() override;
  void finish() override;

 private:
  std::string_view view(std::uint64_t at, std::span<char> scratch) override;
  void write();

  Open open_;
  MadeDirectories& directories_;
  Checks& checks_;
  std::string object_;
  std::string data_;  ///< as long as the object from the beginning
  std::optional<io::OutputFile> file_;
};

}  // namespace mrf::fetch
