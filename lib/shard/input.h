// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "io/reader.h"
#include "record/header.h"
#include "record/record.h"
#include "shard/content.h"
#include "shard/cram.h"
#include "shard/plan.h"
#include "shard/range_report.h"

namespace mrf::shard {

/// Whether the file of that path has another size or time of change. False when it is not there. Throws
/// SystemError when it cannot be looked at.
bool has_changed(const InputState& input);

/// What an input holds.
struct InputForm {
  record::RecordForm record;
  record::HeaderForm header;
  bool is_cram = false;        ///< then the others mean nothing
  bool needs_newline = false;  ///< a last record without one is malformed
};

/// An open input that can be cut.
class Input {
 public:
  /// Opens `path`, finds how it is stored, and reads its header. `meter` outlives this object. Throws
  /// SystemError; UsageError for what is no regular file, for gzip that is not BGZF, and for records that
  /// can_be_cut() denies; DataError for a BGZF file without its end-of-file block, and for a malformed
  /// header.
  Input(const std::string& path, const InputForm& form, io::Meter& meter);

  const InputState& state() const { return state_; }
  const InputForm& form() const { return form_; }
  const std::string& name() const { return file_.name; }
  io::FdRef fd() const { return file_.fd; }
  io::Meter& meter() const { return meter_; }
  /// Of a CRAM only.
  const CramFile& cram() const { return *cram_; }
  /// The content in front of the first record; of a CRAM CramFile::header().
  const std::string& header() const { return header_; }
  /// The position of the first record, the end of the input when there is none.
  Position first() const { return first_; }
  Position end() const { return end_position(state_.storage, state_.size); }

  /// Of the open file, as it is. Throws SystemError.
  FileState file_state() const;
  /// Throws DataError when the file is not any more what it was when it was opened.
  void refuse_changed() const;
  /// The same, and when `read`, a state of what was read under its name, is that of another file.
  void refuse_other(const FileState& read) const;

 private:
  void find_storage();
  void read_header();

  InputForm form_;
  io::Meter& meter_;
  io::InputFile file_;
  InputState state_;
  std::optional<CramFile> cram_;
  std::string header_;
  Position first_ = 0;
};

}  // namespace mrf::shard
