// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "io/fd.h"

namespace mrf::io {

/// A file name that is removed when the object dies, and when INT, TERM or HUP ends the program.
class Temporary {
 public:
  Temporary() = default;
  /// Takes charge of `path`, which exists or will. Throws std::bad_alloc.
  explicit Temporary(std::string path);
  Temporary(Temporary&& other) noexcept;
  Temporary& operator=(Temporary&& other) noexcept;
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary() { remove(); }

  const std::string& path() const { return path_; }
  bool empty() const { return path_.empty(); }
  /// Unlinks the file now.
  void remove() noexcept;
  /// Gives up the charge: the file has another name or another owner, and nothing will be removed.
  void forget() noexcept;

 private:
  std::string path_;
};

/// Installs the handlers of INT, TERM and HUP that kill_groups(), remove all temporaries and then let the
/// signal end the program as if it had never been caught. A signal that is ignored stays ignored.
void remove_temporaries_on_signals();

/// $TMPDIR, /tmp when it is empty or not set.
std::string temporary_directory();

/// The same for a program that may change its working directory: an absolute path.
std::string absolute_temporary_directory();

/// A new, empty file DIRECTORY/mrf-WHAT.XXXXXX, mode 0600. Throws SystemError.
Temporary make_temporary_file(const std::string& directory, const std::string& what);

/// A new file in temporary_directory() that has no name, for reading and writing: it is gone when it is
/// closed. Throws SystemError.
Fd open_scratch_file();
/// What messages call such a file: "temporary file in DIRECTORY".
std::string scratch_file_name();

}  // namespace mrf::io
