// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "io/live_records.h"
#include "io/reader.h"
#include "io/stats.h"
#include "record/framer.h"
#include "record/record.h"
#include "split/outputs.h"

namespace mrf::split {

/// One input and the way of its bytes to the outputs.
class Input {
 public:
  /// `file` is what `path` names. `outputs` and `stats` outlive the input; `stats` gets an entry for it.
  /// `threads` more threads inflate BGZF. The input counts as over behind its first `most` records.
  Input(io::InputFile file, const std::string& path, const record::RecordForm& form, unsigned threads,
        std::uint64_t most, Outputs& outputs, io::Stats& stats);

  /// Waits for the first bytes. Throws DataError when these are of a format that the records cannot be of.
  void check_format();
  /// While this input is waited for, `mates` is read ahead: one program may write both. `mates` outlives
  /// this.
  void read_beside(Input& mates) { beside_ = &mates.reader_; }

  /// The outputs may need the file for longer than the input lasts.
  std::weak_ptr<const io::InputFile> file() const { return reader_.file(); }
  const std::string& name() const { return reader_.name(); }
  record::Framer& framer() { return *framer_; }
  /// Whole records at the front of the view, `front`, as Framer::take() gives them.
  record::Span take(std::string_view front, std::uint64_t most) {
    return framer_->take(front, std::min(most, left_));
  }
  /// How many more records may be taken.
  std::uint64_t left() const { return left_; }
  /// Bytes that are there and not passed on; valid until more().
  std::string_view view() const { return left_ > 0 ? reader_.view() : std::string_view(); }
  /// Makes the view longer, moving data to the outputs meanwhile. False at the end of the input.
  bool more();
  /// Hands the span at the front of the view to an output: a large piece of a file as it lies there.
  void pass(std::size_t output, record::Span span);
  /// Counts and drops the span at the front of the view.
  void drop(record::Span span) {
    reader_.consume(span.bytes);
    left_ -= span.records;
    stats_.records_in += span.records;
    stats_.inputs[entry_].records += span.records;
    io::tell_live_records(stats_.records_in);
  }

 private:
  Outputs& outputs_;
  io::Stats& stats_;
  std::size_t entry_;
  record::RecordForm form_;
  std::uint64_t left_;
  io::Reader* beside_ = nullptr;
  io::Reader reader_;
  std::unique_ptr<record::Framer> framer_;
};

}  // namespace mrf::split
