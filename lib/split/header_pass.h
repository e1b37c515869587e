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

  /// Passes the header that `form` names on. Throws DataError when it is malformed, or when the reference
  /// sequences of a BAM header are not those of the first input's.
  void pass(Input& input, const record::HeaderForm& form);

 private:
  void put(std::string_view header, const record::HeaderForm& form);
  void check_references(std::string_view header, const std::string& name);

  Outputs& outputs_;
  const std::vector<std::size_t> receivers_;
  bool is_out_ = false;
  std::string first_name_;
  std::string references_;
};

}  // namespace mrf::split
