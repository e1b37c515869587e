// SPDX-License-Identifier: MIT
#include "codec/fast_deflate.h"

namespace mrf::codec {

std::unique_ptr<RawDeflater> make_fast_deflater() { return nullptr; }

}  // namespace mrf::codec
