// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <optional>
#include <string>

#include "fetch/checks.h"
#include "fetch/object_output.h"
#include "io/ring_memory.h"

namespace mrf::fetch {

/// Gives the bytes of an object to a reader in their order. What comes early waits in a ring of shared
/// memory, which is a window of the object: byte N stands at N modulo its size.
class OrderedOutput final : public ObjectOutput, private ByteAccess {
 public:
  using Reader = std::function<void(std::string_view)>;

  /// `memory` bytes of ring at most, at least 2 MiB. `reader` takes all it gets, in the thread of take();
  /// `name` is its name in messages.
  OrderedOutput(Reader reader, std::string name, std::size_t memory, Checks& checks, std::string object);
  ~OrderedOutput() override;

  std::vector<ByteRange> begin(const http::ResponseHead& head, const http::ObjectVersion& version) override;
  bool in_order() const override { return true; }
  std::uint64_t room_end() const override {
    return std::min<std::uint64_t>(given_, checks_.needed_from()) + memory_;
  }
  void take(std::uint64_t at, std::string_view bytes) override;
  bool can_forget() const override { return given_ == 0; }
  void forget(base::Status status, const std::string& reason) override;
  void finish() override;

 private:
  std::string_view view(std::uint64_t at, std::span<char> scratch) override;

  Reader reader_;
  std::string name_;
  std::size_t memory_;
  Checks& checks_;
  std::string object_;
  std::optional<io::RingMemory> ring_;
  std::atomic<std::uint64_t> given_{0};  ///< bytes that the reader has
};

}  // namespace mrf::fetch
