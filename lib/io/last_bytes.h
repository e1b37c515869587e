// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "io/fd.h"

namespace mrf::io {

/// The last bytes that somebody was given, in the file NAME.last, which stays when this process ends, in
/// whatever way: a ring of whole units (records), and a header in front of them that is kept in any case.
class LastBytes {
 public:
  /// A small ring stays in the caches of the processor.
  static constexpr std::size_t first_size = std::size_t{4} << 20;

  /// Makes the file beside the output `name`, or empties it. At most `capacity` bytes of units are kept,
  /// `first_size` of them until keep_more() asks for more, and no unit that is larger. Throws SystemError
  /// "cannot keep the last records of".
  LastBytes(const std::string& name, std::size_t capacity);
  ~LastBytes();
  LastBytes(const LastBytes&) = delete;
  LastBytes& operator=(const LastBytes&) = delete;

  /// Before any unit. What cannot be written is said in a warning, and then nothing more is kept.
  void add_header(std::string_view bytes);
  /// Keeps `bytes` from now on, if `capacity` allows it; never less than before. As add_header().
  void keep_more(std::size_t bytes) {
    if (bytes > size_ && size_ < capacity_) grow(bytes);
  }
  /// A part of a unit; with `is_whole` its last part, or several units as a whole. As add_header().
  void add(std::string_view bytes, bool is_whole);

 private:
  struct Control;

  void grow(std::size_t bytes);
  bool make_room(std::size_t size);
  bool allocate(std::uint64_t end);
  void copy(std::string_view bytes, std::uint64_t to);
  void stop(int error_number);

  const std::string name_;
  const std::size_t capacity_;
  std::size_t size_;  // of the ring now
  const std::size_t spacing_;
  Fd file_;
  Control* control_ = nullptr;
  char* ring_ = nullptr;
  std::uint64_t end_ = 0;             // all bytes so far
  std::uint64_t allocated_ = 0;       // bytes of the ring that have room on disk
  bool is_too_large_ = false;         // the unit in the making
  std::deque<std::uint64_t> starts_;  // of some of the units in the ring, behind the first one
};

/// What a LastBytes kept beside the output `name`; nothing when there is no such file, or it is none.
struct KeptBytes {
  std::string header;
  std::string units;
  std::uint64_t given = 0;  ///< bytes of units since the start, kept or not
  bool is_full = false;     ///< no more than `units` can be kept, whatever keep_more() asks for
};
std::optional<KeptBytes> read_last_bytes(const std::string& name);

}  // namespace mrf::io
