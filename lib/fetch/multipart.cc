// SPDX-License-Identifier: MIT
#include "fetch/multipart.h"

#include <algorithm>
#include <array>

namespace mrf {

namespace {

constexpr std::uint64_t mib = 1 << 20;

std::uint64_t rounded_up(std::uint64_t number, std::uint64_t unit) {
  return (number + unit - 1) / unit * unit;
}

}  // namespace

std::vector<std::uint64_t> part_size_candidates(std::uint64_t total, std::uint64_t parts) {
  if (total == 0) return {1};
  // aws-cli and boto3 use 8 MiB, the SDKs 5, s3cmd 15, MinIO 16 and 64, Cyberduck 10, Hadoop 64 and 128.
  constexpr std::array<std::uint64_t, 26> usual{8, 16, 5, 64, 15, 10, 32,  100, 128, 25,  50,   256,  20,
                                                6, 7,  9, 12, 24, 48, 512, 500, 200, 250, 1024, 2048, 5120};
  std::vector<std::uint64_t> sizes;
  const auto try_size = [&](std::uint64_t size) {
    const bool fits = size > 0 && (total + size - 1) / size == parts;
    if (fits && std::find(sizes.begin(), sizes.end(), size) == sizes.end()) sizes.push_back(size);
  };
  if (parts == 1) return {total};
  for (const std::uint64_t size : usual) try_size(size * mib);
  for (const std::uint64_t size : usual) try_size(size * 1000000);
  const std::uint64_t least = (total + parts - 1) / parts;
  try_size(rounded_up(least, mib));
  try_size(rounded_up(least, 1000000));
  try_size(rounded_up(least, 5 * mib));
  try_size(rounded_up(least, 8 * mib));
  try_size(least);
  // Sizes in whole MiB, as long as there are few of them.
  constexpr std::uint64_t most = 24;
  for (std::uint64_t size = rounded_up(least, mib); sizes.size() < most; size += mib) {
    if ((total + size - 1) / size != parts) break;
    try_size(size);
  }
  return sizes;
}

}  // namespace mrf
