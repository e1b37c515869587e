// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace mrf::fetch {

/// Which bytes of an object are there, with the CRC of each run of them: runs that touch become one.
class Coverage {
 public:
  using Combine = std::uint32_t (*)(std::uint32_t, std::uint32_t, std::uint64_t);

  /// `combine` joins the CRCs of two neighbours; null when there are none.
  explicit Coverage(Combine combine = nullptr) : combine_(combine) {}

  /// Bytes [begin, end) came, none of which was there before.
  void add(std::uint64_t begin, std::uint64_t end, std::uint32_t crc = 0);

  /// The bytes before this one are all there.
  std::uint64_t prefix() const;
  std::uint64_t bytes() const { return bytes_; }
  /// The CRC of the run that begins at byte 0; of no bytes it is 0.
  std::uint32_t prefix_crc() const;
  /// The runs [begin, end), in order.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> runs() const;

 private:
  struct Run {
    std::uint64_t end;
    std::uint32_t crc;
  };
  Combine combine_;
  std::map<std::uint64_t, Run> runs_;
  std::uint64_t bytes_ = 0;
};

}  // namespace mrf::fetch
