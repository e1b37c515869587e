// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "workflow/stream_kind.h"

namespace mrf {

/// The short form of mrf-run(1): one filter, run several times side by side.
struct ShortForm {
  std::vector<std::string> inputs;   ///< one, or two of FASTQ in step
  std::vector<std::string> outputs;  ///< none is standard output; two for two inputs
  std::vector<std::string> command;
  int workers = 1;
  std::optional<std::uint64_t> chunk_size;  ///< records; empty: 1000, or what pays with order chunk
  std::string order;           ///< seq, rows, any, chunk; empty: what mrf-run(1) says under --order
  std::string record;          ///< as mrf-distribute's --record; empty: from the input's name
  std::string key;             ///< as mrf-distribute's --key; empty: in turn
  std::string reference;       ///< for CRAM
  std::string report;          ///< of mrf-run's --report; no input may be overwritten by it
  std::optional<int> level;    ///< of the output's compression
  std::optional<int> threads;  ///< additional ones that inflate and deflate; empty: what the workers leave
  bool header_broadcast = false;
  int processors = 1;  ///< of the machine
};

/// A short form that makes sense, with everything chosen that it leaves open.
struct ShortFormChoice {
  StreamKind input;
  StreamKind output;
  std::string order;
  std::string record;  ///< what is dealt: as mrf-distribute's --record, "sam" for SAM lines
  bool pairs = false;  ///< the records are pairs of FASTQ records, mates one after the other
  int reader_threads = 0;
  int writer_threads = 0;
};

/// How many processors this process may use.
int usable_processors();

/// Throws UsageError for what the short form cannot do.
ShortFormChoice choose(const ShortForm& form);

/// The same as a workflow's text (mrf-workflow(5)), which parses to what the short form runs. Throws
/// UsageError.
std::string workflow_text(const ShortForm& form);

/// A word in single quotes where it needs them, as a workflow and sh read it.
std::string quote_word(const std::string& word);

}  // namespace mrf
