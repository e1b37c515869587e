// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mrf::record {

/// Which lines at the top of an input are its header: those that start with `prefix` if it is not empty, else
/// the first `lines`.
struct HeaderForm {
  std::string prefix;
  std::uint64_t lines = 0;
  /// The lines are SAM: one that begins with '@' and has the shape of a record is an error (sam_lines.h).
  bool sam = false;

  bool is_named() const { return !prefix.empty() || lines > 0; }
};

/// The header lines of SAM text, as sam_lines.h defines them.
inline HeaderForm sam_header() { return {"@", 0, true}; }

/// Finds the header lines of one input, however its bytes arrive.
class HeaderScanner {
 public:
  /// `input_name` is for the messages.
  HeaderScanner(HeaderForm form, std::string input_name)
      : form_(std::move(form)), input_name_(std::move(input_name)) {}

  /// The bytes of the whole header lines at the front of `bytes`; the caller takes them away and shows what
  /// is left again with more behind it. With `at_end` nothing more comes, and a last line may lack its
  /// newline. Throws DataError for a SAM record whose name begins with '@'.
  std::size_t take(std::string_view bytes, bool at_end);
  /// True once what follows is known to be no header.
  bool is_over() const { return over_; }

 private:
  enum class Belongs { no, yes, unknown };
  Belongs belongs(std::string_view rest, bool at_end) const;

  HeaderForm form_;
  std::string input_name_;
  std::uint64_t lines_seen_ = 0;
  std::size_t scanned_ = 0;
  bool over_ = false;
};

}  // namespace mrf::record
