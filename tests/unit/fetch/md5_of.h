// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "fetch/digest.h"

/// The 16 bytes of the MD5 of `bytes`.
inline std::string md5_of(std::string_view bytes) {
  mrf::fetch::Digest digest(mrf::fetch::DigestKind::md5);
  digest.update(bytes);
  return digest.finish();
}
