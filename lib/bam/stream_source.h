// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "bam/batch.h"
#include "bam/input.h"
#include "bam/source.h"

namespace mrf::bam {

class ContentReader;

/// A source whose records or lines follow each other in a stream of bytes that is cut into batches
/// anywhere. What is cut is put together again in turn, batch after batch.
class StreamSource : public Source {
 public:
  /// `input` outlives the source. Reads nothing yet; `is_for_header` when little more than the header is
  /// needed.
  StreamSource(Input& input, bool permissive, bool is_for_header = false);
  ~StreamSource() override;
  bool fill(Batch& batch) override;
  void open(Batch& batch) const override;
  void cut(Batch& batch) override;
  void decode(Batch& batch, const RecordStep& step) override;
  const char* what_is_missing() const override;
  bool has_missed_end() const override;

 protected:
  /// The whole records at the front of some bytes, and what is wrong with the one behind them as far as it is
  /// there; empty when nothing is.
  struct Whole {
    std::size_t size = 0;
    std::string fault{};
  };

  /// Reads pieces until header_size() has found the end of the header. To be called by the constructor.
  void read_header();
  /// Leaves what follows the header, and reads the range of a BGZF file. To be called by the constructor.
  void go_on_with(Input& input, const Range& range);
  /// Whether a whole record, well formed, is at a virtual offset, or nothing more up to the file's end.
  bool is_place(Input& input, std::uint64_t virtual_offset);
  /// The size of the header at the front of `bytes`, or npos when more are needed; `ended` says that there
  /// are no more. It is called again with the same bytes and more behind them.
  virtual std::size_t header_size(std::string_view bytes, bool ended) = 0;
  virtual sam::HeaderPtr parse_header_bytes(std::string_view bytes) = 0;
  /// How many of `next`'s bytes the record needs that begins with `begun`; npos when it needs more than
  /// there are, with what is wrong with it so far.
  virtual Whole rest_of(std::string_view begun, std::string_view next) const = 0;
  virtual Whole whole(std::string_view bytes) const = 0;
  /// True when a record may end with the input.
  virtual bool ends_with_input() const = 0;
  virtual void decode_part(std::string_view part, Batch& batch, const RecordStep& step) = 0;
  /// Calls `part_step` for each piece of whole records or lines, until one puts a reason into the batch.
  void each_part(Batch& batch, const std::function<void(std::string_view)>& part_step);
  bool is_permissive() const { return permissive_; }

  static constexpr std::size_t npos = std::string_view::npos;

 private:
  std::unique_ptr<ContentReader> reader_;
  bool permissive_;
  sam::Buffer start_;
  std::exception_ptr start_damage_;  // what is wrong behind `start_`
  bool ended_ = false;
  bool is_ranged_ = false;
  std::string begun_;    // read and written in turn
  bool broken_ = false;  // likewise: nothing more can be cut
};

}  // namespace mrf::bam
