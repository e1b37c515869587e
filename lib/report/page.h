// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "report/flow.h"

namespace mrf::report {

/// A run as one page of HTML without scripts, and without anything that is fetched: its flow, its times, its
/// throughput. `report` is what `flow` was made of; names and messages are shown as text, whatever they hold.
std::string html_page(const Flow& flow, const Json& report);

/// A run as a section of MultiQC (https://docs.seqera.io/multiqc/custom_content): an object for a file whose
/// name ends in _mqc.json. `sample` is the row's name. Files of several runs become one table.
std::string multiqc_section(const Flow& flow, const std::string& sample);

/// The first result's name without directory and endings, else the workflow's.
std::string sample_name(const Flow& flow);

}  // namespace mrf::report
