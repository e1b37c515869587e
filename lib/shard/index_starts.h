// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "shard/content.h"

namespace mrf::shard {

/// Where records of a BAM begin by an index of it: the beginnings of its chunks, and the offsets of its
/// windows (of BAI) or bins (of CSI), ever larger. `index` is the index decompressed (SAM specification,
/// section 5.2; CSI, version 1). Nothing for what is no index of a BAM with so many references. In BGZF one
/// place has several virtual offsets: a start may be given as the end of the block in front of it.
std::vector<Position> starts_in_index(std::string_view index, std::size_t references);

/// The same of the index that is beside the BAM `path` (io::index_beside()); nothing where there is none, and
/// where it cannot be read. Whether it is older than the BAM is not looked at.
std::vector<Position> starts_of_index_beside(const std::string& path, std::size_t references);

}  // namespace mrf::shard
