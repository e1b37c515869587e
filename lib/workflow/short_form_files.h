// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "workflow/short_form.h"

namespace mrf::workflow {

/// Whether the value of --missing names a file for the records without a key.
bool is_file_of_missing(const std::string& missing);

/// Throws UsageError for files of a short form that cannot be together: an output that is an input, two that
/// are one, or more than there can be.
void check_files(const ShortForm& form);

}  // namespace mrf::workflow
