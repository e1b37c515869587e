// SPDX-License-Identifier: MIT
#include "bam/encoder.h"

#include <algorithm>
#include <cctype>

#include "sys/error.h"
#include "sys/output_file.h"

namespace mrf::bam {

namespace {

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// The extension of a path without its dot; "bam" when it has none or the path is no name of a file.
std::string format_of(const std::string& path) {
  const std::string name = base_of(path);
  const auto dot = name.rfind('.');
  return dot == std::string::npos || dot == 0 ? "bam" : lower_case(name.substr(dot + 1));
}

}  // namespace

std::unique_ptr<Encoder> make_encoder(const std::string& format, const std::string& path, int level) {
  const std::string wanted = format.empty() ? format_of(path) : lower_case(format);
  if (wanted == "sam") return make_sam_encoder(true);
  if (wanted == "cram") throw UsageError("use output format", "cram", "this version writes bam and sam only");
  if (!format.empty() && wanted != "bam")
    throw UsageError("use output format", format, "neither bam nor sam");
  if (level < -1 || level > 9) {
    throw UsageError("use level", std::to_string(level), "not between 0 and 9");
  }
  return make_bam_encoder(level);
}

}  // namespace mrf::bam
