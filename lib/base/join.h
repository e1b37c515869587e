// SPDX-License-Identifier: MIT
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace mrf::base {

/// The values one after the other, with a text between them. (fmt::join makes g++ 12 report a write out of
/// bounds in fmt's own headers.)
template <class Values>
std::string join(const Values& values, std::string_view between) {
  std::string text;
  std::string_view separator;
  for (const auto& value : values) {
    text += separator;
    text += fmt::format("{}", value);
    separator = between;
  }
  return text;
}

}  // namespace mrf::base
