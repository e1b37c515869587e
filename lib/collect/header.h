// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "record/header.h"

namespace mrf::collect {

/// The references of the first BAM input that has shown them; the others' must be the same.
class BamReferences {
 public:
  /// `references` is the list as it is stored (SAM specification, section 4.2). Throws DataError.
  void agree(std::string_view references, const std::string& input_name);

 private:
  std::size_t hash_ = 0;
  std::string input_name_;
};

/// One header that all inputs are to have. It grows with the input that is the furthest; what the others have
/// is compared as it comes, so that memory holds it once.
class CommonHeader {
 public:
  /// `bytes` stand at `at` in the header of the input. Throws DataError when they are others there already.
  void add(std::size_t at, std::string_view bytes, const std::string& input_name);
  /// The header of the input has `size` bytes. Throws DataError when another one has more or fewer.
  void end(std::size_t size, const std::string& input_name);
  /// True when an input has shown where the header ends.
  bool is_whole() const { return size_.has_value(); }
  const std::string& text() const { return text_; }

 private:
  // `rest` is what the input has at `at`.
  [[noreturn]] void refuse(std::size_t at, std::string_view rest, const std::string& input_name) const;

  std::string text_;
  std::optional<std::size_t> size_;
  /// Whose header it is.
  std::string input_name_;
};

/// What becomes of an input's header.
struct HeaderUse {
  enum class Way {
    drop,
    keep,     ///< for InputHeader::text()
    compare,  ///< with `common`; an input without any bytes has none to compare
  };
  Way way = Way::drop;
  CommonHeader* common = nullptr;  ///< outlives the header
};

/// What stands in front of an input's records.
class InputHeader {
 public:
  /// `references` outlives the object.
  InputHeader(const record::HeaderForm& form, HeaderUse use, BamReferences& references,
              std::string input_name);

  /// How many bytes at the front of `bytes` belong to it and are done with. `is_end` says that nothing
  /// follows `bytes`. Throws DataError.
  std::size_t take(std::string_view bytes, bool is_end);
  /// True when records are next.
  bool is_over() const { return reader_.is_over(); }
  /// What was taken, if it is to be kept, as it goes into the output.
  const std::string& text() const { return text_; }

 private:
  void put(std::string_view bytes);

  bool is_bam_;
  HeaderUse use_;
  BamReferences& references_;
  std::string name_;
  record::HeaderReader reader_;
  std::size_t size_ = 0;
  std::string text_;
};

}  // namespace mrf::collect
