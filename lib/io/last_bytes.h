// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "io/fd.h"

namespace mrf::io {

/// The last bytes that somebody was given, in the file NAME.last, which stays when this process ends, in
/// whatever way: a ring of whole units (records), and a header in front of them that is kept in any case.
/// Bytes and the ends of units come in two ways, so that bytes may be added many units at a time. A position
/// is a count of bytes of units since the start.
class LastBytes {
 public:
  /// Makes the file beside the output `name`, or empties it. At most `size` bytes of units are kept, until
  /// keep_more() asks for up to `most`, and no unit that is larger. Throws SystemError "cannot keep the last
  /// records of".
  LastBytes(const std::string& name, std::size_t size, std::size_t most);
  ~LastBytes();
  LastBytes(const LastBytes&) = delete;
  LastBytes& operator=(const LastBytes&) = delete;

  /// Before any unit. What cannot be written is said in a warning, and then nothing more is kept.
  void add_header(std::string_view bytes);
  /// Keeps `bytes` from now on, if that is not too many; never less than before. As add_header().
  void keep_more(std::size_t bytes) {
    if (bytes > size_ && size_ < most_) grow(bytes);
  }
  /// False after a failure, when nothing more is kept.
  bool is_keeping() const { return control_ != nullptr; }
  /// Copies bytes behind those that are there. As add_header().
  void add(std::string_view bytes);
  /// The same with `size` bytes of `file`, from `offset` on. A file that has fewer is a failure, too.
  void add(FdRef file, std::uint64_t offset, std::size_t size);
  /// The position behind all that was added.
  std::uint64_t end() const { return end_; }
  /// A unit ends at `position`, which is at or behind end(). Returns a position; the ends of units in front
  /// of it need not be reported. After a failure that holds for all.
  std::uint64_t end_unit(std::uint64_t position) {
    if (control_ == nullptr) return std::numeric_limits<std::uint64_t>::max();
    if (position - last_mark_ >= spacing_) add_mark(position);
    return last_mark_ + spacing_;
  }
  /// The units up to `position`, which is the end of one and not behind end(), are kept from now on.
  void keep_to(std::uint64_t position);

 private:
  struct Control;

  void add_mark(std::uint64_t position) {
    marks_.push_back(position);
    last_mark_ = position;
  }
  void grow(std::size_t bytes);
  void drop_before(std::uint64_t position);
  void publish();
  bool make_room(std::size_t size);
  bool allocate(std::uint64_t end);
  void copy(std::string_view bytes, std::uint64_t to);
  void stop(int error_number);

  const std::string name_;
  const std::size_t most_;
  std::size_t size_;  // of the ring now
  const std::size_t spacing_;
  Fd file_;
  Control* control_ = nullptr;
  char* ring_ = nullptr;
  std::uint64_t begin_ = 0;  // of what can be kept
  bool is_cut_ = false;      // begin_ is no end of a unit
  std::uint64_t kept_end_ = 0;
  std::uint64_t end_ = 0;
  std::uint64_t allocated_ = 0;  // bytes of the ring that have room on disk
  std::uint64_t last_mark_ = 0;
  std::deque<std::uint64_t> marks_;  // ends of some of the units, behind begin_
};

/// What a LastBytes kept beside the output `name`; empty when there is no such file, or it has another form.
struct KeptBytes {
  std::string header;
  std::string units;
  std::uint64_t given = 0;  ///< bytes of units since the start, kept or not
};
std::optional<KeptBytes> read_last_bytes(const std::string& name);

}  // namespace mrf::io
