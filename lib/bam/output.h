// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "io/fd.h"
#include "io/output_file.h"
#include "io/stats.h"

namespace mrf::bam {

/// Where encoders write: a file and the meter that counts its bytes, both borrowed.
class Output {
 public:
  Output(io::OutputFile& file, io::Meter& meter) : file_(file), meter_(meter) {}
  /// Throws SystemError "cannot write", or ClosedOutput.
  void write(std::string_view bytes) { io::write_all(file_.fd(), file_.name(), bytes, meter_); }
  io::FdRef fd() const { return file_.fd(); }
  const std::string& name() const { return file_.name(); }
  io::Meter& meter() { return meter_; }

 private:
  io::OutputFile& file_;
  io::Meter& meter_;
};

}  // namespace mrf::bam
