// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/command_piece.h"
#include "trial/difference.h"
#include "trial/forecast.h"

namespace mrf::trial {

/// Options that a trial suggests.
struct Suggestion {
  Setting setting;
  bool sets_threads = false;  ///< -@ has an effect
  std::optional<int> level;
  std::optional<std::uint64_t> chunk_size;
};

/// The command line of mrf-run without --try and with the suggested options in place of its own, as a shell
/// reads it. `pieces` are those of the given one. Secrets of URLs are left out.
std::string suggested_command(const std::vector<base::CommandPiece>& pieces, const Suggestion& suggestion);

/// What a trial reports.
struct Account {
  std::string filter;
  std::string input;
  std::uint64_t records = 0;
  bool has_pairs = false;
  std::optional<double> share;     ///< of the input, from 0 to 1; empty where its size is not known
  std::vector<std::string> runs;   ///< that were compared, the filter alone first
  std::uint64_t records_out = 0;   ///< of the filter alone
  double alone_s = 0;              ///< the wall time of the filter alone
  std::optional<double> copies_s;  ///< that of the copies, the fastest

  /// Where the results differ.
  std::optional<Difference> difference;
  std::string output;  ///< the name of the result that differs
  std::uint64_t copies_records_out = 0;
  std::optional<Diagnosis> diagnosis;

  /// Where they are the same.
  bool has_other_order = false;              ///< the same but for the order of the records
  bool combines = false;                     ///< --combine makes the result
  bool has_date = false;                     ///< the filter writes the date into the header
  Costs costs;                               ///< of the filter alone
  std::optional<double> whole_alone_s;       ///< expected for the whole input
  std::optional<double> whole_copies_s;      ///< with the suggestion
  bool is_pipe_as_fast = false;              ///< the filter alone, as any command
  std::string command;                       ///< with the suggestion
  std::optional<std::string> level_command;  ///< with -l 1, where that is worth it
  double level_s = 0;                        ///< expected for the whole input then
  double level_growth = 0;                   ///< of the file, 0.1 for a tenth
};

/// The report as text: lines that begin with a word, as "result", and say something of it.
std::string text_of(const Account& account);

/// Whether the copies are expected to be faster by enough to be worth it.
bool pays(const Account& account);

/// "0.42 s", "7.5 s", "59 s", "12 min", "2.3 h": two digits that count.
std::string readable_time(double seconds);

}  // namespace mrf::trial
