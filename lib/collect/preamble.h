// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace mrf {

/// What stands in front of an input's records.
class Preamble {
 public:
  virtual ~Preamble() = default;
  /// How many bytes at the front of `bytes` belong to it and are done with. `is_end` says that nothing
  /// follows `bytes`. Throws DataError.
  virtual std::size_t take(std::string_view bytes, bool is_end) = 0;
  /// True when records are next.
  bool is_over() const { return is_over_; }
  /// What was taken, if it is to be kept, as it goes into the output.
  const std::string& text() const { return text_; }

 protected:
  bool is_over_ = false;
  std::string text_;
};

/// The references of the first BAM input that has shown them; the others' must be the same.
class BamReferences {
 public:
  /// `references` is the list as it is stored (SAM specification, section 4.2). Throws DataError.
  void agree(std::string_view references, const std::string& input_name);

 private:
  std::size_t hash_ = 0;
  std::string input_name_;
};

/// Records follow at once.
std::unique_ptr<Preamble> make_no_preamble();
/// SAM header lines (SAM specification, section 1.3).
std::unique_ptr<Preamble> make_sam_preamble(bool is_kept);
/// The header of a BAM stream (section 4.2). `references` outlives it.
std::unique_ptr<Preamble> make_bam_preamble(bool is_kept, BamReferences& references, std::string input_name);

}  // namespace mrf
