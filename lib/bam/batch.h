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
#include "sam/sam_line.h"

namespace mrf::bam {

/// A piece of the input on its way to the output: about half a megabyte, worked on by one thread at a time
/// and used again with its buffers.
struct Batch {
  std::uint64_t number = 0;  ///< from 0, in the order of its input
  std::uint64_t turn = 0;    ///< from 0, in the order of the output
  bool last = false;         ///< nothing follows
  Buffer stored;             ///< BGZF blocks as they were read; empty when `bytes` were read
  std::uint64_t offset = 0;  ///< of `stored` in the input, for messages
  Buffer bytes;              ///< what the blocks hold
  std::string head;          ///< one record (BAM) or line (SAM) that began in an earlier batch
  std::string_view body;     ///< whole records or lines in `bytes`

  std::vector<RecordPtr> records;  ///< read by htslib; the first `read` of them count
  std::size_t read = 0;

  std::uint64_t lines = 0;  ///< SAM lines seen
  std::uint64_t records_in = 0;
  std::uint64_t records_out = 0;

  Buffer plain;                    ///< records for the output, before they are compressed
  std::string joined;              ///< a block that begins with records of earlier batches
  Buffer out;                      ///< bytes for the output file
  std::vector<Place> places;       ///< of the records in `plain`, when an index is wanted
  std::vector<BlockSize> blocks;   ///< that `out` consists of
  std::vector<RecordPtr> to_keep;  ///< records for htslib's writer; the first `kept` of them count
  std::size_t kept = 0;
  /// What went wrong after the records in `out`. `bad_line` counts from 1 in this batch, 0 is none; so does
  /// `bad_record`, a record that the output cannot have.
  std::exception_ptr failure;
  std::uint64_t bad_line = 0;
  std::uint64_t bad_record = 0;
  std::string reason;

  RecordPtr record = make_record();
  Text text;
  SamLine line;
  BgzfInflater inflater;
  std::optional<BgzfDeflater> deflater;  ///< of the output's level

  void reset(std::uint64_t its_number) {
    number = its_number;
    last = false;
    for (Buffer* buffer : {&stored, &bytes, &plain, &out}) buffer->clear();
    head.clear();
    joined.clear();
    body = {};
    lines = records_in = records_out = bad_line = bad_record = 0;
    read = kept = 0;
    places.clear();
    blocks.clear();
    failure = nullptr;
    reason.clear();
  }
};

}  // namespace mrf::bam
