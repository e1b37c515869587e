// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "codec/bgzf.h"

namespace mrf::chunk {

/// Makes a stream into BGZF blocks that store it as it is (SAM specification, section 4.1): what samtools and
/// pysam read at once, and what costs next to nothing.
class BgzfStorer {
 public:
  /// Appends the blocks that `bytes` complete to `to`; the rest waits for more.
  void add(std::string_view bytes, std::string& to) {
    while (!bytes.empty()) {
      const std::string_view part = bytes.substr(0, codec::bgzf_payload - payload_.size());
      payload_ += part;
      bytes.remove_prefix(part.size());
      if (payload_.size() == codec::bgzf_payload) close_block(to);
    }
  }
  /// Appends what waits as a block of its own, if anything does.
  void close_block(std::string& to) {
    if (payload_.empty()) return;
    to.append(block_.get(), deflater_.block(payload_, {block_.get(), codec::bgzf_max_block}));
    payload_.clear();
  }

 private:
  std::string payload_;
  codec::BgzfDeflater deflater_{0};
  std::unique_ptr<char[]> block_ = std::make_unique_for_overwrite<char[]>(codec::bgzf_max_block);
};

}  // namespace mrf::chunk
