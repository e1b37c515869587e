// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "io/fd.h"
#include "io/ring_memory.h"

namespace mrf::io {

/// The last bytes that somebody is given, in the file NAME.last, which stays when this process ends, in
/// whatever way: whole units (records), and a header in front of them that is kept in any case.
///
/// Bytes come there in one of two ways. Either they are put into the file and written from there: reserve(),
/// end_unit(), give(), set_written(). This takes no copy. Or, when they are written in another form, they are
/// copied: add(). A position is a count of bytes of units since the start.
class LastBytes {
 public:
  /// Makes the file beside the output `name`, or empties it. At most `capacity` bytes of units that were
  /// given are kept, and no unit that is larger. Throws SystemError "cannot keep the last records of".
  LastBytes(const std::string& name, std::size_t capacity);
  ~LastBytes();
  LastBytes(const LastBytes&) = delete;
  LastBytes& operator=(const LastBytes&) = delete;

  /// Before any unit. What cannot be written is said in a warning, and then nothing more is kept.
  void add_header(std::string_view bytes);

  /// Room for `size` bytes at the position `end`, behind all that is there. Empty when nothing more is kept;
  /// what is there can be read further. As add_header().
  std::span<char> reserve(std::uint64_t end, std::size_t size);
  /// Bytes that are there, as they lie one after the other. Valid until reserve().
  const char* at(std::uint64_t position) const { return ring_->at(position); }
  /// Units end at `end`, behind which nothing is yet.
  void end_unit(std::uint64_t end) {
    unit_end_ = end;
    if (end - last_mark_ >= spacing_) add_mark();
  }
  /// To be called before bytes up to `end` are written: the units of which they are a part are kept from now
  /// on.
  void give(std::uint64_t end) { give(end, 0); }
  /// Bytes in front of `position` were written.
  void set_written(std::uint64_t position);

  /// A part of a unit; with `is_whole` its last part, or several units as a whole. `waiting` bytes at most of
  /// those in front of it are not given yet: so much more is kept.
  void add(std::string_view bytes, bool is_whole, std::size_t waiting = 0);

 private:
  struct Control;

  void add_mark() {
    marks_.push_back(unit_end_);
    last_mark_ = unit_end_;
  }
  void give(std::uint64_t end, std::size_t waiting);
  void drop_before(std::uint64_t position);
  bool enlarge(std::uint64_t from, std::uint64_t end, std::size_t size);
  bool allocate(std::uint64_t end);
  bool allocate_file(std::uint64_t from, std::uint64_t to);
  void stop(int error_number);
  void empty_file();

  const std::string name_;
  const std::size_t capacity_;
  const std::size_t spacing_;
  Fd file_;
  Control* control_ = nullptr;
  std::optional<RingMemory> ring_;
  std::uint64_t allocated_ = 0;  // bytes of the ring that have room on disk
  std::uint64_t begin_ = 0;      // of what is kept
  bool is_too_large_ = false;    // what begins at begin_ is no whole unit
  std::uint64_t end_ = 0;        // of what is in the ring
  std::uint64_t written_ = 0;
  std::uint64_t unit_end_ = 0;
  std::uint64_t last_mark_ = 0;
  std::deque<std::uint64_t> marks_;  // ends of some of the units behind begin_
  bool is_stopped_ = false;
};

/// What a LastBytes kept beside the output `name`; nothing when there is no such file, or it is none.
struct KeptBytes {
  std::string header;
  std::string units;
  std::uint64_t given = 0;  ///< bytes of units since the start, kept or not
};
std::optional<KeptBytes> read_last_bytes(const std::string& name);

}  // namespace mrf::io
