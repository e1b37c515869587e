// SPDX-License-Identifier: MIT
#include <libdeflate.h>

#include "codec/crc.h"

namespace mrf::codec {

std::uint32_t crc32(std::string_view bytes) { return ::libdeflate_crc32(0, bytes.data(), bytes.size()); }

}  // namespace mrf::codec
