// SPDX-License-Identifier: MIT
#pragma once

#include <cerrno>

#include "base/error.h"

namespace mrf::shard {

/// How often a file or a directory is looked at that NFS calls stale.
inline constexpr int most_looks_at_stale = 5;

/// Returns what `look` returns, which opens by a name what it reads. When that is stale (ESTALE: on NFS
/// another machine has removed or replaced what the name meant), it is called again, since the name may mean
/// something else; after some times the SystemError is thrown.
template <class Look>
auto look_anew_when_stale(const Look& look) {
  for (int looks = 1;; ++looks) {
    try {
      return look();
    } catch (const base::SystemError& error) {
      if (error.error_number() != ESTALE || looks == most_looks_at_stale) throw;
    }
  }
}

}  // namespace mrf::shard
