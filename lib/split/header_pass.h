// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "record/header.h"
#include "split/input.h"
#include "split/outputs.h"

namespace mrf::split {

/// Takes the headers off the inputs. The first input's goes to some outputs; of the others', no line is a
/// record either.
class HeaderPass {
 public:
  /// `outputs` outlives the object.
  HeaderPass(Outputs& outputs, std::vector<std::size_t> receivers)
      : outputs_(outputs), receivers_(std::move(receivers)) {}

  /// Header lines. A last one without newline is given one.
  void pass_lines(Input& input, const record::HeaderForm& form);
  /// The header of a BAM stream. Throws DataError when there is none, or when its reference sequences are not
  /// those of the first input's.
  void pass_bam(Input& input);

 private:
  void put(std::string_view bytes);

  Outputs& outputs_;
  const std::vector<std::size_t> receivers_;
  bool is_out_ = false;
  std::string first_name_;
  std::string references_;
};

}  // namespace mrf::split
