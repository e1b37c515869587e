// SPDX-License-Identifier: MIT
#pragma once

#include "workflow/short_form.h"

namespace mrf::workflow {

/// Whether -n was given, or stands for the processors of the machine.
enum class Workers { given, open };

/// Shares form.cpus, which is set, among the jobs of the short form: sets form.workers where they are open,
/// and form.threads where they are not given, as mrf-run(1) says under --cpus. The jobs that pass data on
/// without computing (mrf-chunks, mrf-distribute, mrf-collect that does not compress) do not count. Throws
/// UsageError when what was given is more, and as choose() does.
void share_processors(ShortForm& form, Workers workers);

}  // namespace mrf::workflow
