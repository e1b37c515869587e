// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mrf::codec {

/// What data is by its first bytes, where these say it.
enum class DataFormat {
  unknown,  ///< text, or nothing that is known here
  sam,      ///< begins with a header line of SAM, "@HD" and a tab or another type of section 1.3
  vcf,      ///< begins with the first line of VCF, "##fileformat=VCF"
  bam,
  cram,
  bcf,
  bzip2,
  xz,
  zstd,
};

/// The format of data that begins with `first`. What gzip or BGZF holds counts, not its compression: `first`
/// may be compressed so, and as much of it is inflated as is needed. 64 KiB are always enough, most often 1
/// KiB. A pure function: what is too short, empty or damaged is unknown. Sources: SAM specification 4.2,
/// CRAM 3.1 section 6, VCF 4.3 section 1.4, BCF2 section 6.1, the formats' magic numbers as file(1) has them.
DataFormat sniff(std::string_view first);

/// As many of the first bytes of data that is not compressed as decide whether it is one of the formats, but
/// for SAM and VCF.
inline constexpr std::size_t format_magic_size = 10;

/// The format of data that is not compressed with gzip, but for SAM and VCF; unknown for text.
DataFormat format_by_magic(std::string_view first);

/// Whether more bytes behind `first` can still make it one of the formats, but for SAM and VCF.
bool is_undecided(std::string_view first);
/// Whether more bytes behind `first` can still make it SAM or VCF.
bool is_undecided_text(std::string_view first);

/// "BAM", "bzip2".
std::string_view format_name(DataFormat format);

/// Why data of a binary format is no input of lines, and what to do: "it is bzip2-compressed; decompress it
/// first: 'bzip2 -dc FILE | ...'". Not for unknown, sam and vcf.
std::string refusal_of(DataFormat format);

}  // namespace mrf::codec
