// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "record/key.h"

namespace mrf::record {

/// One finder for each kind of key; make_key_finder() chooses.

std::unique_ptr<KeyFinder> make_name_finder(const RecordForm& form, std::size_t length);
/// Columns of the first line, and what comes after a text.
std::unique_ptr<KeyFinder> make_text_finder(const KeyForm& key, const RecordForm& form);
/// Optional fields of types A, i, Z and H (SAM specification, section 1.5).
std::unique_ptr<KeyFinder> make_sam_tag_finder(const KeyForm& key);
/// The same of BAM records (section 4.2.4); integers become decimal text, as they are in SAM.
std::unique_ptr<KeyFinder> make_bam_tag_finder(const KeyForm& key);

}  // namespace mrf::record
