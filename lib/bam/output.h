// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "io/io.h"
#include "io/meter.h"
#include "io/output_file.h"

namespace mrf::bam {

/// Where encoders write: a file and the meter that counts its bytes, both borrowed.
class Output {
 public:
  Output(OutputFile& file, Meter& meter) : file_(file), meter_(meter) {}
  /// Throws SystemError "cannot write", or ClosedOutput.
  void write(std::string_view bytes) { write_all(file_.fd(), file_.name(), bytes, meter_); }
  FdRef fd() const { return file_.fd(); }
  const std::string& name() const { return file_.name(); }
  Meter& meter() { return meter_; }

 private:
  OutputFile& file_;
  Meter& meter_;
};

}  // namespace mrf::bam
