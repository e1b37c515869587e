// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mrf {

/// Which lines at the top of an input are its header: those that start with `prefix` if it is not empty, else
/// the first `lines`.
struct HeaderForm {
  std::string prefix;
  std::uint64_t lines = 0;

  bool is_named() const { return !prefix.empty() || lines > 0; }
};

/// The header lines of a SAM file start with '@' (SAM specification, section 1.3); no read name does (1.4).
inline HeaderForm sam_header() { return {"@", 0}; }

/// Finds the header lines of one input, however its bytes arrive.
class HeaderScanner {
 public:
  explicit HeaderScanner(HeaderForm form) : form_(std::move(form)) {}

  /// The bytes of the whole header lines at the front of `bytes`; the caller takes them away and shows what
  /// is left again with more behind it. With `at_end` nothing more comes, and a last line may lack its
  /// newline.
  std::size_t take(std::string_view bytes, bool at_end);
  /// True once what follows is known to be no header.
  bool is_over() const { return over_; }

 private:
  enum class Belongs { no, yes, unknown };
  Belongs belongs(std::string_view rest, bool at_end) const;

  HeaderForm form_;
  std::uint64_t lines_seen_ = 0;
  std::size_t scanned_ = 0;
  bool over_ = false;
};

}  // namespace mrf
