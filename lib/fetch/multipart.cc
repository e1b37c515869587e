// SPDX-License-Identifier: MIT
#include "fetch/multipart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace mrf::fetch {

namespace {

constexpr std::uint64_t mib = 1 << 20;
constexpr std::uint64_t most_parts = 10000;

std::uint64_t rounded_up(std::uint64_t number, std::uint64_t unit) {
  return (number + unit - 1) / unit * unit;
}

std::uint64_t parts_of(std::uint64_t total, std::uint64_t size) {
  return total / size + (total % size == 0 ? 0 : 1);
}

}  // namespace

std::vector<std::uint64_t> part_size_candidates(std::uint64_t total, std::uint64_t parts) {
  if (total == 0) return parts == 1 ? std::vector<std::uint64_t>{1} : std::vector<std::uint64_t>{};
  // aws-cli and boto3 use 8 MiB, the SDKs 5, s3cmd 15, MinIO 16 and 64, Cyberduck 10, Hadoop 64 and 128.
  constexpr std::array<std::uint64_t, 26> usual{8, 16, 5, 64, 15, 10, 32,  100, 128, 25,  50,   256,  20,
                                                6, 7,  9, 12, 24, 48, 512, 500, 200, 250, 1024, 2048, 5120};
  std::vector<std::uint64_t> sizes;
  const auto try_size = [&](std::uint64_t size) {
    const bool fits = size > 0 && parts_of(total, size) == parts;
    if (fits && std::find(sizes.begin(), sizes.end(), size) == sizes.end()) sizes.push_back(size);
  };
  if (parts == 1) return {total};
  for (const std::uint64_t size : usual) try_size(size * mib);
  for (const std::uint64_t size : usual) try_size(size * 1000000);
  const std::uint64_t least = parts_of(total, parts);
  try_size(rounded_up(least, mib));
  try_size(rounded_up(least, 1000000));
  try_size(rounded_up(least, 5 * mib));
  try_size(rounded_up(least, 8 * mib));
  try_size(least);
  // Sizes in whole MiB, as long as there are few of them.
  constexpr std::uint64_t most = 24;
  for (std::uint64_t size = rounded_up(least, mib); sizes.size() < most; size += mib) {
    if (parts_of(total, size) != parts) break;
    try_size(size);
  }
  return sizes;
}

std::string part_count_fault(std::optional<std::uint64_t> total, std::uint64_t parts,
                             std::uint64_t part_size) {
  if (parts > most_parts)
    return fmt::format("it counts {} parts, no upload has more than {}", parts, most_parts);
  if (!total) return "";
  const bool fits = part_size == 0 ? !part_size_candidates(*total, parts).empty()
                                   : std::max<std::uint64_t>(1, parts_of(*total, part_size)) == parts;
  if (fits) return "";
  return fmt::format("it counts {} parts, {} bytes do not make as many", parts, *total) +
         (part_size == 0 ? "" : fmt::format(" of {} bytes", part_size));
}

}  // namespace mrf::fetch
