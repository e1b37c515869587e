// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "io/meter.h"

namespace mrf::split {

/// Which output a key belongs to, read from lines of a key, a tab and the output's index, counted from 0.
class KeyMap {
 public:
  /// `path` may be a FIFO or compressed; `outputs` is their number. Throws SystemError, and DataError for a
  /// line of another form, an index that is too large and a key that is there twice.
  KeyMap(const std::string& path, std::size_t outputs, io::Meter& meter);
  KeyMap(const KeyMap&) = delete;
  KeyMap& operator=(const KeyMap&) = delete;

  std::optional<std::size_t> find(std::string_view key) const;

 private:
  struct Hash {
    std::size_t operator()(std::string_view key) const;
  };

  void add(std::string_view line, std::size_t outputs);

  std::string text_;
  std::unordered_map<std::string_view, std::uint32_t, Hash> outputs_;
};

}  // namespace mrf::split
