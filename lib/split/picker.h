// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "io/stats.h"
#include "record/key.h"
#include "split/rota.h"

namespace mrf::split {

/// How much goes to one output before it is the next one's turn: records, or, when `bytes` is not 0, as
/// many whole records as fit into that many bytes, at least one.
struct ChunkSize {
  std::uint64_t records = 1000;
  std::uint64_t bytes = 0;
};

/// Of a name or a key, in messages.
inline constexpr std::size_t longest_name = 100;

/// Says who gets a record, one record after the other.
class Picker {
 public:
  virtual ~Picker() = default;
  /// The worker's number from 0; nothing when the record has no key or the key has no worker.
  virtual std::optional<std::size_t> pick(std::string_view record) = 0;
  /// Why nobody gets a record: "has no tag CB".
  virtual std::string lack(std::string_view) { return ""; }
};

std::unique_ptr<Picker> make_turn_picker(std::unique_ptr<Rota> rota, ChunkSize size);
/// The key's hash modulo `ways`; or, with a `map_path`, what the map says. `meter` counts the map's bytes.
/// Throws UsageError, and DataError "cannot read" for a map that is wrong.
std::unique_ptr<Picker> make_key_picker(const record::KeyForm& key, const record::RecordForm& form,
                                        std::size_t ways, const std::string& map_path, io::Meter& meter);

}  // namespace mrf::split
