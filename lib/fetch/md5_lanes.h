// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mrf::fetch {

/// The MD5 (RFC 1321) of several messages of one length side by side, each in a lane of a vector: one
/// message at a time leaves most of a core idle, since every step waits for the one before.
class Md5Lanes {
 public:
  static constexpr std::size_t lanes = 8;
  static constexpr std::size_t block = 64;  ///< bytes
  static constexpr std::size_t fewest = 3;  ///< messages; fewer are hashed faster one by one
  using Messages = std::array<const char*, lanes>;

  Md5Lanes();
  /// The next `bytes` of every message, a multiple of `block` in every call but the last.
  void update(const Messages& messages, std::size_t bytes);
  /// The digests' bytes, once.
  std::array<std::string, lanes> finish();
  /// The digest of one lane's message of `bytes` bytes, of which `rest`, less than a block, is not yet
  /// hashed; the lane then begins another message. For callers who give update() whole blocks only.
  std::string finish(std::size_t lane, std::string_view rest, std::uint64_t bytes);

 private:
  std::array<std::uint32_t, 4 * lanes> state_;  ///< A of every lane, then B, C, D
  std::array<std::array<char, block>, lanes> rest_{};
  std::size_t rest_bytes_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace mrf::fetch
