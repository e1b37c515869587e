// SPDX-License-Identifier: MIT
#include "bam/format.h"

#include <algorithm>
#include <stdexcept>

#include "base/error.h"
#include "codec/bgzf.h"
#include "codec/data_format.h"
#include "codec/inflate.h"
#include "sam/characters.h"

namespace mrf::bam {

namespace {

constexpr std::size_t longest_magic = codec::format_magic_size;

FoundFormat refused(std::string reason) { return {Format::sam, Packing::plain, std::move(reason)}; }

// A line of SAM begins with a name and a number, or is a header line.
std::optional<FoundFormat> find_text(std::string_view content, bool ended) {
  constexpr std::string_view digits = "0123456789";
  if (content.starts_with('@')) {
    if (content.size() < 4 && !ended) return std::nullopt;
    const bool framed =
        content.size() >= 4 && content[3] == '\t' && sam::is_letter(content[1]) && sam::is_letter(content[2]);
    if (framed || content.starts_with("@CO")) return FoundFormat{};
    return refused(
        "line 1 begins with '@' but is no header line of SAM: is it FASTQ, or a read whose name begins with "
        "'@'?");
  }
  if (content.starts_with('>')) return refused("this is neither BAM nor CRAM nor SAM: is it FASTA?");
  constexpr std::size_t farthest = 1024;  // of a name and a number
  const std::size_t line = content.substr(0, farthest).find('\n');
  const std::string_view first = content.substr(0, std::min(line, farthest));
  const std::size_t name = first.find('\t');
  const std::size_t flag = name == std::string_view::npos ? name : first.find('\t', name + 1);
  const bool whole = line != std::string_view::npos || content.size() >= farthest || ended;
  if (flag == std::string_view::npos && !whole) return std::nullopt;
  const bool numbered = flag != std::string_view::npos && flag > name + 1 &&
                        digits.find(first[name + 1]) != std::string_view::npos;
  if (numbered) return FoundFormat{};
  return refused("this is neither BAM nor CRAM nor SAM");
}

std::optional<FoundFormat> find_content(std::string_view content, bool ended, bool is_text_sam) {
  if (content.size() < longest_magic && !ended) return std::nullopt;
  if (content.starts_with("BAM\1")) return FoundFormat{Format::bam};
  if (content.starts_with("CRAM")) return FoundFormat{Format::cram};
  if (const codec::DataFormat kind = codec::format_by_magic(content); kind != codec::DataFormat::unknown)
    return refused(codec::refusal_of(kind));
  return is_text_sam ? FoundFormat{} : find_text(content, ended);
}

// The content of the whole blocks at the front, until it says enough.
std::optional<FoundFormat> find_in_blocks(std::string_view first, bool ended, bool is_text_sam) {
  codec::BgzfInflater inflater;
  std::string content;
  std::optional<FoundFormat> found;
  for (std::size_t size = 0; first.size() >= codec::bgzf_header_size; first.remove_prefix(size)) {
    size = codec::bgzf_block_size(first);
    if (size == 0 || size > first.size()) break;
    const std::size_t before = content.size();
    const std::size_t more = std::min(codec::bgzf_content_size(first.substr(0, size)), codec::bgzf_max_block);
    content.resize(before + more);
    try {
      inflater.block(first.substr(0, size), {content.data() + before, more});
    } catch (const std::runtime_error&) {
      // Whoever reads the block says what is wrong with it.
      return FoundFormat{Format::bam};
    }
    found = find_content(content, false, is_text_sam);
    if (found) return found;
  }
  if (ended) return content.empty() ? FoundFormat{Format::bam} : find_content(content, true, is_text_sam);
  return std::nullopt;
}

std::optional<FoundFormat> find_in_gzip(std::string_view first, bool ended, bool is_text_sam) {
  constexpr std::size_t room = 65536;
  codec::GzipDecoder decoder("");
  std::string content(room, '\0');
  std::size_t size = 0;
  try {
    decoder.feed(first);
    while (size < content.size() && decoder.has_more()) {
      const std::size_t n = decoder.inflate({content.data() + size, content.size() - size});
      if (n == 0) break;
      size += n;
    }
  } catch (const base::DataError&) {
    ended = true;
  }
  content.resize(size);
  if (content.empty() && !ended) return std::nullopt;
  if (content.empty()) return refused("this is neither BAM nor CRAM nor SAM");
  return find_content(content, ended || size == room, is_text_sam);
}

}  // namespace

std::optional<FoundFormat> find_format(std::string_view first, bool ended, bool is_text_sam) {
  if (!codec::is_gzip(first)) return find_content(first, ended, is_text_sam);
  if (first.size() < codec::bgzf_header_size && !ended) return std::nullopt;
  const bool blocks = first.size() >= codec::bgzf_header_size && codec::bgzf_block_size(first) > 0;
  auto found = blocks ? find_in_blocks(first, ended, is_text_sam) : find_in_gzip(first, ended, is_text_sam);
  if (found) found->packing = blocks ? Packing::bgzf : Packing::gzip;
  return found;
}

}  // namespace mrf::bam
