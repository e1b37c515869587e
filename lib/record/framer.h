// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "record/record.h"

namespace mrf::record {

/// One framer for each kind of record; make_framer() chooses.

/// Records of `count` pieces that end in `delimiter`.
std::unique_ptr<Framer> make_delimited_framer(char delimiter, std::uint64_t count, std::string input_name);
/// Lines of which none begins with '@' (see header.h).
std::unique_ptr<Framer> make_sam_framer(const std::string& input_name);
/// Four lines: '@' and the name, the sequence, '+' with or without the same name, as many qualities as bases
/// (Cock et al. 2010, doi 10.1093/nar/gkp1137; sequence and quality on one line each).
std::unique_ptr<Framer> make_fastq_framer(std::string input_name);
/// Records that begin at each line which begins with `text`; in front of the first one stand at most empty
/// lines, which belong to it.
std::unique_ptr<Framer> make_start_framer(std::string text, std::string input_name);
/// Records of `size` bytes each.
std::unique_ptr<Framer> make_fixed_framer(std::uint64_t size, std::string input_name);
/// A length of 32 bits in front of each record (SAM specification, section 4.2).
std::unique_ptr<Framer> make_bam_framer(std::string input_name);

}  // namespace mrf::record
