// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "record/header.h"
#include "record/record.h"
#include "workflow/short_form.h"
#include "workflow/short_form_choice.h"

namespace mrf::workflow {

/// Throws UsageError for what of a short form cannot be done shard by shard, with the reason.
void check_for_shards(const ShortForm& form, const ShortFormChoice& choice);

/// Where records of the input begin and what its header is, when it is cut into shards.
record::RecordForm shard_records(const ShortForm& form, const ShortFormChoice& choice);
record::HeaderForm shard_header(const ShortForm& form, const ShortFormChoice& choice);
/// Whether every shard's stream begins with the header, as that of alignments does, and that which every
/// copy gets; else only the first's.
bool has_header_in_every_shard(const ShortFormChoice& choice);

/// The short form of one shard: `readers` are a command for each input that writes the shard's records to
/// standard output (words as those of a filter, save:PATH among them), or none; `parts` its outputs. With
/// --combine there is one part: the output of one copy, as it is.
ShortForm form_of_shard(ShortForm form, const ShortFormChoice& choice, std::size_t shard,
                        const std::vector<std::vector<std::string>>& readers,
                        const std::vector<std::string>& parts);

/// The short form that runs the command of --combine alone, on the parts of all shards. Where the header goes
/// around the filter, `header_reader` is a command that writes that of a text; that of alignments is read
/// from the input.
ShortForm form_of_combination(ShortForm form, const ShortFormChoice& choice, std::vector<std::string> parts,
                              std::vector<std::string> header_reader);

}  // namespace mrf::workflow
