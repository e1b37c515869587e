// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mrf::record {

/// Numbers at the front of some bytes of a CRAM (CRAM specification, section 2.3).
class CramNumbers {
 public:
  explicit CramNumbers(std::string_view bytes) : bytes_(bytes) {}

  /// False when the bytes did not suffice; then the numbers mean nothing.
  bool is_whole() const { return is_whole_; }
  std::size_t taken() const { return at_; }

  void skip(std::size_t bytes);
  std::uint32_t int32();
  std::uint32_t itf8();
  void skip_ltf8();

 private:
  std::uint32_t byte();

  std::string_view bytes_;
  std::size_t at_ = 0;
  bool is_whole_ = true;
};

/// The file definition at the front of a CRAM (section 6).
inline constexpr std::size_t cram_definition_size = 26;

/// The header of a container (section 7).
struct CramHeader {
  enum class State {
    whole,
    cut,             ///< more bytes are needed to tell
    wrong_checksum,  ///< of version 3
    none,            ///< it is no such header
  };
  State state = State::none;
  std::size_t size = 0;    ///< of the header
  std::uint32_t body = 0;  ///< bytes behind it
  std::int32_t reference = 0;
  std::uint32_t records = 0;
  bool is_end_of_file = false;
};

/// The header at the front of `bytes`, of a CRAM of the major version 2 or 3.
CramHeader parse_cram_header(std::string_view bytes, int version);

}  // namespace mrf::record
