// SPDX-License-Identifier: MIT
#include "codec/data_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "codec/inflate.h"
#include "codec/inflate_engine.h"

namespace mrf::codec {

namespace {

constexpr std::size_t enough_content = 64;

// The front of what a gzip member holds, as far as `stored` tells it.
std::string inflated_front(std::string_view stored) {
  std::array<char, enough_content> room;
  std::span<char> rest(room);
  try {
    const auto engine = make_inflate_engine();
    for (bool more = true; more && !rest.empty() && !stored.empty();) {
      engine->start_member();
      InflateEngine::State state = InflateEngine::State::more;
      std::size_t before = 0;
      do {
        before = stored.size() + rest.size();
        state = engine->step(stored, rest);
      } while (state == InflateEngine::State::more && stored.size() + rest.size() < before && !rest.empty());
      // An empty member, such as an empty BGZF block, may stand in front.
      more = state == InflateEngine::State::member_end && is_gzip(stored);
    }
  } catch (const std::runtime_error&) {  // damaged: what came before it counts
  }
  return {room.data(), room.size() - rest.size()};
}

constexpr std::array<std::string_view, 5> sam_types{"@HD\t", "@SQ\t", "@RG\t", "@PG\t", "@CO\t"};
constexpr std::string_view vcf_magic = "##fileformat=VCF";

bool is_sam_header(std::string_view text) {
  return std::any_of(sam_types.begin(), sam_types.end(),
                     [&](std::string_view type) { return text.starts_with(type); });
}

bool is_bzip2(std::string_view first) {
  using namespace std::string_view_literals;
  if (!first.starts_with("BZh") || first.size() < format_magic_size || first[3] < '1' || first[3] > '9')
    return false;
  const std::string_view block = first.substr(4, 6);
  return block == "\x31\x41\x59\x26\x53\x59"sv || block == "\x17\x72\x45\x38\x50\x90"sv;
}

bool is_cram(std::string_view first) {
  return first.starts_with("CRAM") && first.size() > 4 && first[4] >= '\1' && first[4] <= '\x4';
}

}  // namespace

DataFormat format_by_magic(std::string_view first) {
  using namespace std::string_view_literals;
  if (first.starts_with("BAM\1"sv)) return DataFormat::bam;
  if (first.starts_with("BCF\2"sv) || first.starts_with("BCF\4"sv)) return DataFormat::bcf;
  if (is_cram(first)) return DataFormat::cram;
  if (is_bzip2(first)) return DataFormat::bzip2;
  if (first.starts_with("\xfd\x37zXZ\0"sv)) return DataFormat::xz;
  if (first.starts_with("\x28\xb5\x2f\xfd"sv)) return DataFormat::zstd;
  return DataFormat::unknown;
}

bool is_undecided(std::string_view first) {
  using namespace std::string_view_literals;
  constexpr std::array magics{"BAM\1"sv, "BCF\2"sv,         "CRAM"sv,
                              "BZh"sv,   "\xfd\x37zXZ\0"sv, "\x28\xb5\x2f\xfd"sv};
  if (first.size() >= format_magic_size || format_by_magic(first) != DataFormat::unknown) return false;
  if (first.size() == 4 && first == "CRAM") return true;
  if (first.starts_with("BZh")) return first.find('\n') == std::string_view::npos;
  return std::any_of(magics.begin(), magics.end(),
                     [&](std::string_view magic) { return magic.starts_with(first); });
}

bool is_undecided_text(std::string_view first) {
  const auto begins = [&](std::string_view magic) {
    return first.size() < magic.size() && magic.starts_with(first);
  };
  return begins(vcf_magic) || std::any_of(sam_types.begin(), sam_types.end(), begins);
}

DataFormat sniff(std::string_view first) {
  std::string content;
  if (is_gzip(first)) {
    content = inflated_front(first);
    first = content;
  }
  const DataFormat format = format_by_magic(first);
  if (format != DataFormat::unknown) return format;
  if (first.starts_with(vcf_magic)) return DataFormat::vcf;
  return is_sam_header(first) ? DataFormat::sam : DataFormat::unknown;
}

std::string_view format_name(DataFormat format) {
  switch (format) {
    case DataFormat::sam:
      return "SAM";
    case DataFormat::vcf:
      return "VCF";
    case DataFormat::bam:
      return "BAM";
    case DataFormat::cram:
      return "CRAM";
    case DataFormat::bcf:
      return "BCF";
    case DataFormat::bzip2:
      return "bzip2";
    case DataFormat::xz:
      return "xz";
    case DataFormat::zstd:
      return "zstd";
    case DataFormat::unknown:
      break;
  }
  return "unknown";
}

std::string refusal_of(DataFormat format) {
  const std::string_view name = format_name(format);
  switch (format) {
    case DataFormat::bam:
      return "it is BAM, not text; '--record bam' takes it, and 'mrf-bamread FILE | ...' makes SAM of it";
    case DataFormat::cram:
      return "it is CRAM, not text; make SAM of it first: 'mrf-bamread FILE | ...'";
    case DataFormat::bcf:
      return "it is BCF, not text; make VCF of it first: 'bcftools view FILE | ...'";
    default:
      return fmt::format("it is {0}-compressed; decompress it first: '{0} -dc FILE | ...'", name);
  }
}

}  // namespace mrf::codec
