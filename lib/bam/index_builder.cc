// SPDX-License-Identifier: MIT
#include "bam/index_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <new>

#include "base/error.h"

namespace mrf::bam {

namespace {

constexpr hts_pos_t longest_of_bai = hts_pos_t{1} << 29;

hts_pos_t longest_reference(const sam_hdr_t& header) {
  hts_pos_t longest = 0;
  for (int i = 0; i < header.n_targets; ++i) longest = std::max(longest, sam_hdr_tid2len(&header, i));
  return longest;
}

// htslib numbers bins with 32 bits: nine levels of them.
constexpr hts_pos_t margin = 256;
constexpr hts_pos_t longest_of_csi = (hts_pos_t{1} << (IndexBuilder::min_shift + 3 * 9)) - margin;

// As in samtools index: so many levels of bins, each eight times as wide, hold the longest reference.
int levels_for(hts_pos_t longest) {
  int levels = 0;
  for (hts_pos_t width = hts_pos_t{1} << IndexBuilder::min_shift; longest + margin > width; width <<= 3)
    ++levels;
  return levels;
}

}  // namespace

IndexEntry index_entry_of(const bam1_t& record, std::size_t size) {
  const auto& core = record.core;
  return {core.tid, core.pos, bam_endpos(&record), size, (core.flag & BAM_FUNMAP) == 0};
}

bool IndexBuilder::needs_csi(const sam_hdr_t& header, const std::string& name) {
  const hts_pos_t longest = longest_reference(header);
  if (longest > longest_of_csi) {
    throw base::DataError(
        "index", name,
        fmt::format("a reference has {} bases, but an index holds {}", longest, longest_of_csi));
  }
  return longest > longest_of_bai;
}

IndexBuilder::IndexBuilder(const sam_hdr_t& header, std::uint64_t offset, std::string name)
    : address_(offset), name_(std::move(name)), csi_(needs_csi(header, name_)) {
  constexpr int levels_of_bai = 5;
  const int levels = csi_ ? levels_for(longest_reference(header)) : levels_of_bai;
  most_bases_ = hts_pos_t{1} << (min_shift + 3 * levels);
  index_.reset(
      hts_idx_init(header.n_targets, csi_ ? HTS_FMT_CSI : HTS_FMT_BAI, address_ << 16, min_shift, levels));
  if (!index_) throw std::bad_alloc();
}

void IndexBuilder::add(std::span<const IndexEntry> places, std::span<const BlockSize> blocks) {
  waiting_.insert(waiting_.end(), places.begin(), places.end());
  for (const BlockSize& block : blocks) {
    for (; !waiting_.empty() && within_ + waiting_.front().size < block.content; waiting_.pop_front()) {
      within_ += waiting_.front().size;
      push(waiting_.front());
    }
    end_block(block);
  }
}

// The record that is cut, or ends, with the block.
void IndexBuilder::end_block(const BlockSize& block) {
  address_ += block.stored;
  if (waiting_.empty()) {
    within_ = 0;
    return;
  }
  IndexEntry& cut = waiting_.front();
  cut.size -= block.content - within_;
  within_ = 0;
  if (cut.size > 0) return;
  push(cut);
  waiting_.pop_front();
}

void IndexBuilder::push(const IndexEntry& place) {
  ++records_;
  if (hts_idx_push(index_.get(), place.id, place.begin, place.end, address_ << 16 | within_, place.mapped) <
      0) {
    if (place.id >= 0 && place.end > most_bases_) {
      throw base::DataError(
          "index", name_,
          fmt::format("record {} ends at base {} of its reference, but the index holds {}: leave the "
                      "index out, or remove what runs over the reference's end",
                      records_, place.end, most_bases_));
    }
    throw base::DataError("index", name_,
                          fmt::format("record {} is out of order: sort by position first", records_));
  }
}

void IndexBuilder::finish() {
  if (hts_idx_finish(index_.get(), address_ << 16) != 0) throw std::bad_alloc();
}

void IndexBuilder::save(const std::string& path, const std::string& name) const {
  if (hts_idx_save_as(index_.get(), nullptr, path.c_str(), csi_ ? HTS_FMT_CSI : HTS_FMT_BAI) != 0) {
    throw base::SystemError("write", name);
  }
}

}  // namespace mrf::bam
