// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "record/header.h"
#include "record/record.h"

namespace mrf::trial {

/// What a run has written to one output, in memory: its header and its records.
class Result {
 public:
  /// Cuts a text. A last record without its end is one too, so that nothing is left out.
  Result(std::string text, const record::RecordForm& form, const record::HeaderForm& header);
  /// Reads a file, compressed or not. Throws SystemError, DataError.
  static Result read(const std::string& path, const record::RecordForm& form,
                     const record::HeaderForm& header);

  std::string_view header() const { return header_; }
  /// Whole records, with the newline at their end.
  const std::vector<std::string_view>& records() const { return records_; }
  std::size_t bytes() const { return text_->size(); }

 private:
  std::unique_ptr<const std::string> text_;  // stays where it is when the object moves
  std::string_view header_;
  std::vector<std::string_view> records_;
};

}  // namespace mrf::trial
