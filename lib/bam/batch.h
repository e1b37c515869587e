// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <vector>

#include "bam/index_builder.h"
#include "codec/bgzf.h"
#include "sam/buffer.h"
#include "sam/hts.h"
#include "sam/lenience.h"
#include "sam/record.h"
#include "sam/sam_line.h"

namespace mrf::bam {

/// Records of htslib that are used again; the first `count` of them count.
struct RecordList {
  /// The most bytes of memory that are kept for the next batch.
  static constexpr std::size_t usual = std::size_t{4} << 20;

  std::vector<sam::RecordPtr> records;
  std::size_t count = 0;

  /// The next record to fill; `++count` keeps it. Throws std::bad_alloc.
  bam1_t& next() {
    if (count == records.size()) records.push_back(sam::make_record());
    return *records[count];
  }
  /// Memory of one, in bytes.
  static std::size_t held_by(const bam1_t& record) { return sizeof record + record.m_data; }
  /// Memory of all of them, in bytes.
  std::size_t held() const {
    std::size_t bytes = 0;
    for (const auto& record : records) bytes += held_by(*record);
    return bytes;
  }
};

/// A piece of the input on its way to the output: about half a megabyte, worked on by one thread at a time
/// and used again with its buffers.
struct Batch {
  std::uint64_t number = 0;  ///< from 0, in the order of the output
  bool last = false;         ///< nothing follows in its input
  sam::Buffer stored;        ///< BGZF blocks as they were read; empty when `bytes` were read
  std::uint64_t offset = 0;  ///< of `stored` in the input, for messages
  sam::Buffer bytes;         ///< what is in the blocks
  std::string head;          ///< one record (BAM) or line (SAM) that began in an earlier batch
  std::string_view body;     ///< whole records or lines in `bytes`
  RecordList read;           ///< read by htslib

  std::uint64_t lines = 0;  ///< SAM lines seen
  std::uint64_t records_in = 0;
  std::uint64_t records_out = 0;
  sam::TagCheck tag_check = sam::TagCheck::here;
  sam::DeviationCounts deviations;  ///< what was let pass

  sam::Buffer plain;               ///< records for the output, before they are compressed
  std::string joined;              ///< a block that begins with records of earlier batches
  std::string_view own;            ///< the records in `plain` that blocks of this batch take
  sam::Buffer out;                 ///< bytes for the output file
  std::vector<IndexEntry> places;  ///< of the records in `plain`, when an index is wanted
  std::vector<BlockSize> blocks;   ///< that `out` consists of
  RecordList kept;                 ///< records for htslib's writer
  /// What is wrong with the bytes behind `body`: with their blocks, or with the record that begins there.
  std::exception_ptr damage;
  std::string bad_end;
  /// What went wrong after the records in `out`. `bad_line` counts from 1 in this batch, 0 is none; so does
  /// `bad_record`, a record that the output cannot have.
  std::exception_ptr failure;
  std::uint64_t bad_line = 0;
  std::uint64_t bad_record = 0;
  std::string reason;

  sam::RecordPtr record = sam::make_record();
  sam::Text text;
  sam::SamLine line;
  codec::BgzfInflater inflater;
  std::optional<codec::BgzfDeflater> deflater;  ///< of the output's level

  bool is_good() const { return reason.empty() && !failure; }

  /// Makes it empty. Room that large records took is given back.
  void reset() {
    constexpr std::size_t usual = std::size_t{2} << 20;
    last = false;
    for (sam::Buffer* buffer : {&stored, &bytes, &plain, &out}) buffer->trim(usual);
    for (std::string* text_of : {&head, &joined}) {
      text_of->clear();
      if (text_of->capacity() > usual) text_of->shrink_to_fit();
    }
    for (RecordList* list : {&read, &kept}) {
      list->count = 0;
      if (list->held() > RecordList::usual) list->records.clear();
    }
    if (record->m_data > usual) record = sam::make_record();
    if (text.m > usual) text.release();
    body = own = {};
    lines = records_in = records_out = bad_line = bad_record = 0;
    deviations = {};
    places.clear();
    blocks.clear();
    damage = failure = nullptr;
    bad_end.clear();
    reason.clear();
  }

  /// The bytes of memory that it holds beyond what every batch may hold.
  std::size_t excess() const {
    constexpr std::size_t usual = std::size_t{4} << 20;
    const std::size_t held = stored.capacity() + bytes.capacity() + plain.capacity() + out.capacity() +
                             head.capacity() + joined.capacity() + record->m_data + text.m + read.held() +
                             kept.held();
    return held > usual ? held - usual : 0;
  }
};

}  // namespace mrf::bam
