// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "record/header.h"
#include "record/record.h"
#include "trial/difference.h"
#include "workflow/short_form.h"

namespace mrf::trial {

/// The files of a sample in a directory, one for each input of `form`, whose names say the kinds.
std::vector<std::string> sample_files(const workflow::ShortForm& form, const std::string& directory);

/// A workflow that writes the first `records` records (pairs, of two inputs) into sample_files(), with the
/// header of the input. Records that the form does not select are no part of the sample.
std::string sample_workflow(const workflow::ShortForm& form, std::uint64_t records,
                            const std::string& directory);

/// A result of a run of the trial.
struct TrialOutput {
  std::string name;  ///< of the file that it stands for
  std::string path;
  std::string format;  ///< of alignments, as for mrf-bamwrite's -O; empty for all else
  record::RecordForm form;
  record::HeaderForm header;
  Order order = Order::kept;  ///< whether the order of the records counts
  bool is_side = false;       ///< the side table

  /// Where it is text: SAM text is made of alignments before they are compared.
  std::string text_path() const { return format.empty() ? path : path + ".text"; }
};

/// The same form with the sample as its input, and all its results in `directory`.
struct TrialForm {
  workflow::ShortForm form;
  std::vector<TrialOutput> outputs;
};
TrialForm form_over_sample(const workflow::ShortForm& form, const std::string& sample_directory,
                           const std::string& directory);

/// As in a plain pipe: one filter, which gets all of the sample's `records`, without additional threads.
workflow::ShortForm form_alone(const workflow::ShortForm& over_sample, std::uint64_t records);

/// A way to run copies on the sample.
struct Cut {
  workflow::ShortForm form;
  std::string name;          ///< "16 chunks of 12500 records", "4 copies in turns of 1000 records"
  std::uint64_t starts = 0;  ///< of the filter, each for a part of the sample
};

/// Two ways, whose parts begin at different records; one when the sample has two records. The parts have
/// prime numbers of records, but for those of -c, so that a filter that takes records two by two shows.
/// `starts_are_dear` says that starting the filter takes so long that there are to be few chunks.
std::vector<Cut> cuts_of(const workflow::ShortForm& over_sample, std::uint64_t records, bool starts_are_dear);

/// The options of which a hint may speak: those that the form takes when --order and -c are left out.
HintRules hint_rules(const workflow::ShortForm& form);

/// Whether the order of the records counts: not with --order any and --combine.
Order order_of(const workflow::ShortForm& form);

/// A workflow that writes alignments as SAM text to TrialOutput::text_path(); empty when there are none.
std::string text_workflow(const workflow::ShortForm& form, const std::vector<TrialOutput>& outputs);

/// A workflow that writes the result of the filter alone, which is compressed, once more at level 1; to
/// `path`.
std::string level_workflow(const workflow::ShortForm& form, const TrialOutput& output,
                           const std::string& path);

}  // namespace mrf::trial
