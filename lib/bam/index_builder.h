// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sam/hts.h"

namespace mrf::bam {

/// Where a record lies on its reference, and how many bytes it has in the file before compression.
struct IndexEntry {
  std::int32_t id;
  hts_pos_t begin;
  hts_pos_t end;
  std::size_t size;
  bool mapped;
};
IndexEntry index_entry_of(const bam1_t& record, std::size_t size);

/// The sizes of one BGZF block, before and after compression.
struct BlockSize {
  std::size_t content;
  std::size_t stored;
};

/// Makes the BAI index of a file while it is written, the same as `samtools index` does afterwards, or the
/// CSI index (`samtools index -c`) when a reference has more than 2^29 bases.
class IndexBuilder {
 public:
  /// The records begin at byte `offset` of the file, with a block of their own. `name` is for messages.
  /// Throws as needs_csi() does.
  IndexBuilder(const sam_hdr_t& header, std::uint64_t offset, std::string name);
  /// The next records and the next blocks, each following those of the last call. A record's blocks may come
  /// in a later call, but not in an earlier one. Throws DataError "cannot index" when the records are not
  /// sorted by position, or one ends beyond the positions that the index can hold.
  void add(std::span<const IndexEntry> places, std::span<const BlockSize> blocks);
  void finish();
  /// Throws SystemError "cannot write" with `name`.
  void save(const std::string& path, const std::string& name) const;
  /// Whether a reference has more bases than BAI can hold. Throws DataError "cannot index" with `name` when
  /// one has more than CSI can hold.
  static bool needs_csi(const sam_hdr_t& header, const std::string& name);
  static constexpr int min_shift = 14;  ///< the smallest bins have 2^14 bases
  std::string extension() const { return csi_ ? ".csi" : ".bai"; }

 private:
  void end_block(const BlockSize& block);
  void push(const IndexEntry& place);

  struct IndexDeleter {
    void operator()(hts_idx_t* index) const { hts_idx_destroy(index); }
  };

  std::uint64_t address_;
  std::string name_;
  bool csi_;
  hts_pos_t most_bases_ = 0;  // that the index can hold of a reference
  std::uint64_t records_ = 0;
  std::size_t within_ = 0;          // bytes after the start of the block at address_
  std::deque<IndexEntry> waiting_;  // for their blocks
  std::unique_ptr<hts_idx_t, IndexDeleter> index_;
};

}  // namespace mrf::bam
