// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>

namespace mrf::codec {

/// CRC-32C (Castagnoli, RFC 3720 12.1) of `bytes`, in hardware where there is ISA-L.
std::uint32_t crc32c(std::string_view bytes);

/// CRC-32 (RFC 1952) of `bytes`, by ISA-L or libdeflate.
std::uint32_t crc32(std::string_view bytes);

/// CRC-64/NVME (NVM Express, Command Set Specification), the one that Amazon S3 has, of `bytes`.
std::uint64_t crc64nvme(std::string_view bytes);

/// The CRC of A followed by B, from theirs and the length of B in bytes.
std::uint32_t join_crc32c(std::uint32_t a, std::uint32_t b, std::uint64_t length_b);
std::uint32_t join_crc32(std::uint32_t a, std::uint32_t b, std::uint64_t length_b);
std::uint64_t join_crc64nvme(std::uint64_t a, std::uint64_t b, std::uint64_t length_b);

}  // namespace mrf::codec
