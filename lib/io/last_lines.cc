// SPDX-License-Identifier: MIT
#include "io/last_lines.h"

namespace mrf::io {

// Old lines are removed when they are as many bytes as those that stay, so that removing costs little.
void LastLines::add(std::string_view line) {
  text_ += line;
  text_ += '\n';
  if (text_.size() <= 2 * least_bytes) return;
  const std::size_t end = text_.rfind('\n', text_.size() - least_bytes - 1);
  if (end != std::string::npos) text_.erase(0, end + 1);
}

}  // namespace mrf::io
