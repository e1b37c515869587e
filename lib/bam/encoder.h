// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "bam/batch.h"
#include "io/fd.h"
#include "io/output_file.h"
#include "io/stats.h"

namespace mrf::bam {

/// Where encoders write: a file and the meter that counts its bytes, both borrowed.
class Output {
 public:
  Output(io::OutputFile& file, io::Meter& meter) : file_(file), meter_(meter) {}
  /// Throws SystemError "cannot write", or ClosedOutput. The disk begins with a file while the next bytes are
  /// made, so that there is less to wait for when it gets its name.
  void write(std::string_view bytes);
  io::FdRef fd() const { return file_.fd(); }
  const std::string& name() const { return file_.name(); }
  io::Meter& meter() { return meter_; }

 private:
  io::OutputFile& file_;
  io::Meter& meter_;
  std::size_t not_begun_ = 0;  // bytes that the disk was not told to write
};

/// Turns records into the bytes of an output format. add() and pack() run on many threads, one batch at a
/// time each; the others on one at a time, join() and deliver() in the order of the batches.
class Encoder {
 public:
  virtual ~Encoder() = default;
  /// Writes what stands in front of the records.
  virtual void begin(sam_hdr_t& header, Output& to) = 0;
  /// Returns an empty string, or the reason why the format cannot hold the record.
  virtual std::string add(const sam_hdr_t& header, const bam1_t& record, Batch& batch) = 0;
  /// True when add() refuses optional fields that are not whole or of another type, so that nobody has to
  /// look at them before.
  virtual bool checks_tags() const { return false; }
  /// True when records can be added as BAM has them.
  virtual bool takes_raw() const { return false; }
  /// Adds whole records as BAM has them, where takes_raw().
  virtual void add_raw(std::string_view, Batch&) {}
  /// Settles which records the blocks of a batch take, when all its records have been added.
  virtual void join(Batch&) {}
  /// Makes the blocks of a batch.
  virtual void pack(Batch&) {}
  /// Writes a batch.
  virtual void deliver(Batch& batch, Output& to) { to.write(batch.out.view()); }
  /// Writes what stands behind the records.
  virtual void end(Output& to) = 0;
  /// Instead of end(), after a failure: writes the delivered records that are still held, and sees to it that
  /// no reader of the output takes it for a whole one.
  virtual void break_off(Output& to) = 0;
  /// Writes the index of the file `data`, which is whole, to `path`, which messages call `name`. Throws
  /// Error.
  virtual void save_index(const std::string& data, const std::string& path, const std::string& name) = 0;
  /// The extension of the index, ".bai", ".csi" or ".crai".
  virtual std::string index_extension() const = 0;
};

/// SAM text, with or without its header. With `permissive`, what samtools writes is written (lenience.h).
std::unique_ptr<Encoder> make_sam_encoder(bool with_header, bool permissive = false);

struct EncoderOptions {
  std::string format;        ///< "bam", "cram", "sam" or "sam.gz", any case; empty: by the name of the output
  std::string path;          ///< the output; a name that says nothing means BAM
  std::optional<int> level;  ///< 0 (stored) to 9 as in bgzip(1); none: the format's own
  std::string reference;     ///< a FASTA file, for CRAM
  unsigned threads = 0;      ///< of CRAM's compression
  bool index = false;        ///< an index is to be made
  bool permissive = false;   ///< what samtools writes is written (lenience.h)
  bool with_header = true;   ///< of SAM
};

/// Throws UsageError when there is no such format or level, or the format has no index or needs a header.
std::unique_ptr<Encoder> make_encoder(const EncoderOptions& options);

/// The formats' own; the level is not checked again.
std::unique_ptr<Encoder> make_bam_encoder(int level, bool index);
/// BAM that is not compressed, for a reader that waits for it: the records that have been read are written
/// while the input pauses, so that where the blocks begin follows from how the input comes.
std::unique_ptr<Encoder> make_bam_stream_encoder();
/// SAM text in blocks, with or without its header.
std::unique_ptr<Encoder> make_sam_gz_encoder(int level, bool index, bool permissive, bool with_header);
std::unique_ptr<Encoder> make_cram_encoder(const EncoderOptions& options);

/// Throws UsageError when `output` is no file beside which an index could stand.
void check_can_index(const io::OutputFile& output);

/// Gives `output` its name, `path`, and its index that of `path` with the index's extension; neither when the
/// index cannot be made. Throws Error.
void commit_with_index(Encoder& encoder, io::OutputFile& output, const std::string& path);

}  // namespace mrf::bam
