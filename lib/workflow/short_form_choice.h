// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "workflow/short_form.h"
#include "workflow/stream_kind.h"

namespace mrf::workflow {

/// The most additional threads that a job of the short form is given where none are asked for.
inline constexpr int most_threads = 16;

/// What becomes of the input's header.
enum class HeaderPolicy {
  none,       ///< there is none, or it is dropped
  around,     ///< it goes around the filter, once
  broadcast,  ///< every copy of the filter, and every chunk, begins with it
};

/// A short form that makes sense, with everything chosen that it leaves open.
struct ShortFormChoice {
  StreamKind input;
  StreamKind output;
  std::string order;
  std::string given;    ///< what the filter reads: "sam", "bam", or as mrf-distribute's --record
  std::string written;  ///< what it writes, likewise; empty: not known, with order chunk only
  bool pairs = false;   ///< the records are pairs of FASTQ records, mates one after the other
  HeaderPolicy header = HeaderPolicy::none;
  bool reads_alignments = false;  ///< by a job of its own, which hands on what the filter reads
  /// The jobs besides the filter that compute: fetch, inflate, parse, deflate, combine.
  int computing_jobs = 0;
  int reader_threads = 0;
  int writer_threads = 0;
};

/// Throws UsageError for what the short form cannot do, and DataError for an input that nothing here reads.
ShortFormChoice choose(const ShortForm& form);

/// Whether mates that follow each other in the one input may get to different copies, as they do when nothing
/// is said of what a record is. The names of the first two reads show whether there are any.
bool may_part_mates(const ShortForm& form);

}  // namespace mrf::workflow
