// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bam/batch.h"
#include "bam/bed.h"
#include "bam/input.h"
#include "bam/intervals.h"

namespace mrf::bam {

/// What is done with each record of a batch, in order.
using RecordStep = std::function<void(bam1_t&)>;

/// What is done with the records of a batch that need not be taken apart. All are called in input order.
struct RawSteps {
  /// Whether a record is wanted, by its flags and mapping quality; empty when all are.
  std::function<bool(std::uint16_t flags, std::uint8_t mapq)> wanted;
  /// Takes the bytes of whole records that follow each other as BAM has them; `count` is how many.
  std::function<void(std::string_view records, std::size_t count)> span;
  /// Takes a record that has to be taken apart; it has not been asked for with `wanted`.
  RecordStep record;
};

/// What of a BAM in BGZF is read: the records from one virtual offset (SAM specification, section 4.1.1) up
/// to another one, at which a record or the file's end has to be, also where both are one. Neither is behind
/// the last byte of a block; that of the file's end is its size with 0 within the block.
struct Range {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

struct SourceOptions {
  std::string reference;             ///< a FASTA file, for CRAM
  std::vector<std::string> regions;  ///< as samtools-view(1) takes them; none for everything
  unsigned threads = 0;              ///< that htslib may use besides, where it reads the records
  bool is_text_sam = false;          ///< the header comes from elsewhere, so that the input need not have one
  bool permissive = false;           ///< what samtools takes is taken (lenience.h)
  std::shared_ptr<const Bed> bed = nullptr;  ///< read its intervals by the index, where there are no regions
  RegionRule rule = RegionRule::overlaps;    ///< of the regions and of the intervals
  std::optional<Range> range{};              ///< else everything
  Fetch fetch{};                             ///< of URLs that htslib does not read
};

/// The records of one input. A batch goes through fill(), which runs on one thread, open() on any, cut() in
/// the order of the batches, and decode() or pass() on any.
class Source {
 public:
  virtual ~Source() = default;
  const sam::SharedHeader& header() const { return header_; }
  /// Puts another header in the place of the input's before the first record is read: SAM names its
  /// references from then on, BAM and CRAM number them. Throws DataError where they cannot be the same ones.
  virtual void replace_header(sam::SharedHeader header);
  const std::string& name() const { return name_; }

  /// Puts the next piece of the input into `batch`, which is empty. False when there is none. Throws Error.
  virtual bool fill(Batch& batch) = 0;
  /// Inflates the piece. What is wrong with it is put into the batch.
  virtual void open(Batch&) const {}
  /// Finds the whole records of the piece, together with what earlier pieces left.
  virtual void cut(Batch&) {}
  /// Calls `step` for every record of the batch. A malformed record is put down in the batch. Throws Error.
  virtual void decode(Batch& batch, const RecordStep& step) = 0;
  /// The same for records that are on their way to a BAM. False when the input is no BAM; then nothing was
  /// done.
  virtual bool pass(Batch&, const RawSteps&) { return false; }
  /// The reason why the input, read to its end and decoded, is not whole; nullptr when it is.
  virtual const char* what_is_missing() const { return nullptr; }
  /// Whether all of a range was read and what is missing is a record, or the end of the file, at its end.
  virtual bool has_missed_end() const { return false; }
  /// How many lines of text come before the records.
  virtual std::uint64_t header_lines() const { return 0; }
  /// What was let pass in the header.
  const sam::DeviationCounts& deviations() const { return deviations_; }

 protected:
  std::string name_;
  sam::SharedHeader header_;
  sam::DeviationCounts deviations_;
};

/// The records of a BAM stream, in BGZF blocks or not, or those of a range.
std::unique_ptr<Source> make_bam_source(Input& input, bool permissive, const std::optional<Range>& range);
/// The records of SAM text, in BGZF blocks, gzipped, or plain. A record that names a reference which the
/// header does not have is malformed.
std::unique_ptr<Source> make_sam_source(Input& input, bool permissive);
/// The records of a CRAM file, read by htslib.
std::unique_ptr<Source> make_cram_source(Input& input, const SourceOptions& options);
/// The records of an indexed input (BAI, CSI, CRAI) that belong to any of the regions, or of the intervals of
/// the BED file, each one once, in the order of the input. Throws UsageError for a region that the header
/// does not know.
std::unique_ptr<Source> make_region_source(Input& input, const SourceOptions& options);
/// The one of these that the input and the options ask for. It reads the header; `input` outlives it. Throws
/// Error, UsageError for a range of what is no BAM file in BGZF.
std::unique_ptr<Source> make_source(Input& input, const SourceOptions& options);

/// The header of a SAM, BAM or CRAM file, or of a text file with the header alone. Throws Error, also when
/// there is no header.
sam::SharedHeader read_header_file(const std::string& path, bool permissive);

/// Several inputs, read one after the other under one header. Each is opened when its turn comes.
class SourceList {
 public:
  /// Opens the first one. Throws Error.
  SourceList(std::vector<std::string> paths, SourceOptions options, io::Meter& meter);

  /// Puts another header in the place of the first input's, as Source::replace_header().
  void replace_header(sam::SharedHeader header);
  /// The header of the output, which may be changed until the first record is read.
  sam_hdr_t& header() { return *header_; }

  Source& current() { return *source_; }
  const Input& input() const { return *input_; }
  /// Reading the current input throws ReadingStopped from now on instead of waiting.
  void stop_reading() const noexcept { input_->stop(); }
  /// Opens the next input; false when there is none. Throws DataError when its references are not those of
  /// the first.
  bool next();

 private:
  void open();

  std::vector<std::string> paths_;
  SourceOptions options_;
  io::Meter& meter_;
  std::size_t at_ = 0;
  std::unique_ptr<Input> input_;
  std::unique_ptr<Source> source_;
  sam::SharedHeader header_;
};

}  // namespace mrf::bam
