// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "io/stats.h"
#include "record/key.h"
#include "split/outputs.h"

namespace mrf::split {

/// Says which worker gets the next chunk.
class Scheduler {
 public:
  virtual ~Scheduler() = default;
  /// The output for the next chunk. May wait for one.
  virtual std::size_t next() = 0;
};

/// One worker after the other, of so many.
std::unique_ptr<Scheduler> make_round_robin(std::size_t workers);
/// Whichever of so many workers can take a chunk now: its outputs, `width` in a row, are open and have less
/// than a block waiting. `outputs` outlives the scheduler.
std::unique_ptr<Scheduler> make_balance(Outputs& outputs, std::size_t workers, std::size_t width);

/// How much goes to one output before it is the next one's turn: records, or, when `bytes` is not 0, as
/// many whole records as fit into that many bytes, at least one.
struct ChunkSize {
  std::uint64_t records = 1000;
  std::uint64_t bytes = 0;
};

/// Of a name or a key, in messages.
inline constexpr std::size_t longest_name = 100;

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

/// Says which worker gets a record, one record after the other.
class Partitioner {
 public:
  virtual ~Partitioner() = default;
  /// The worker's number from 0; nothing when the record has no key or the key has no worker.
  virtual std::optional<std::size_t> partition(std::string_view record) = 0;
  /// Why no worker gets the record that partition() was called with: "has no tag CB".
  virtual std::string why_none(std::string_view) { return ""; }
};

std::unique_ptr<Partitioner> make_chunk_partitioner(std::unique_ptr<Scheduler> scheduler, ChunkSize size);
/// The key's hash modulo `workers`; or, with a `map_path`, what the map says. `meter` counts the map's bytes.
/// Throws UsageError, and DataError "cannot read" for a map that is wrong.
std::unique_ptr<Partitioner> make_key_partitioner(const record::KeyForm& key, const record::RecordForm& form,
                                                  std::size_t workers, const std::string& map_path,
                                                  io::Meter& meter);

}  // namespace mrf::split
