// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mrf {

/// The short form of mrf-run(1): one filter, run several times side by side.
struct ShortForm {
  std::string input;
  std::string output = "-";
  std::vector<std::string> command;
  int workers = 1;
  std::optional<std::uint64_t> chunk_size;  ///< records; empty: 1000, or what pays with order chunk
  std::string order;         ///< seq, rows, any, chunk; empty: seq for SAM, BAM, CRAM, else chunk
  std::string record;        ///< as mrf-distribute's --record; empty: from the input's name
  std::string reference;     ///< for CRAM
  std::optional<int> level;  ///< of the output's compression
  bool header_broadcast = false;
  int processors = 1;  ///< what the readers' and writers' threads are chosen by
};

/// The same as a workflow's text (mrf-workflow(5)), which parses to what the short form runs. Throws
/// UsageError.
std::string workflow_text(const ShortForm& form);

/// A word in single quotes, as a workflow and sh read it.
std::string quote_word(const std::string& word);

}  // namespace mrf
