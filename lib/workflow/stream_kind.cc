// SPDX-License-Identifier: MIT
#include "workflow/stream_kind.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/error.h"
#include "base/lower_case.h"
#include "base/output_name.h"
#include "base/redact.h"
#include "codec/data_format.h"
#include "codec/inflate.h"

namespace mrf::workflow {

namespace {

using namespace std::string_view_literals;

struct Ending {
  std::string_view text;
  std::string_view format;
};
constexpr std::array endings{Ending{".bam"sv, "bam"sv}, Ending{".ubam"sv, "bam"sv},
                             Ending{".cram"sv, "cram"sv}, Ending{".sam"sv, "sam"sv}};
constexpr std::array text_endings{Ending{".fastq"sv, "fastq"sv}, Ending{".fq"sv, "fastq"sv},
                                  Ending{".fasta"sv, "fasta"sv}, Ending{".fa"sv, "fasta"sv},
                                  Ending{".fna"sv, "fasta"sv},   Ending{".faa"sv, "fasta"sv}};

using namespace std::string_view_literals;

constexpr std::string_view zip_magic = "PK\3\4"sv;  // APPNOTE.TXT, section 4.3.7
// The first bytes of gzip and of what format_by_magic() knows.
constexpr std::string_view first_of_magic =
    "\x1f"
    "BC\xfd\x28P"sv;

Content content_of_format(codec::DataFormat format) {
  switch (format) {
    case codec::DataFormat::sam:
      return Content::sam;
    case codec::DataFormat::bam:
      return Content::bam;
    case codec::DataFormat::cram:
      return Content::cram;
    case codec::DataFormat::bcf:
      return Content::bcf;
    case codec::DataFormat::bzip2:
      return Content::bzip2;
    case codec::DataFormat::xz:
      return Content::xz;
    case codec::DataFormat::zstd:
      return Content::zstd;
    case codec::DataFormat::vcf:
    case codec::DataFormat::unknown:
      break;
  }
  return Content::text;
}

bool may_have_magic(std::string_view bytes) {
  return bytes.size() < codec::format_magic_size && !bytes.empty() &&
         first_of_magic.find(bytes.front()) != std::string_view::npos;
}

bool is_sequence(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '*' || c == '-' || c == '.';
  });
}

// Colours, as digits, follow a letter.
bool is_sequence_line(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.empty() || is_sequence(line)) return true;
  return is_sequence(line.substr(0, 1)) && line.find_first_not_of("0123456789.", 1) == std::string_view::npos;
}

// Of bytes that begin with @. FASTQ whose records are wrapped is recognised too, so that it is refused as
// such; so is a read so long that its + line is not to be seen.
std::optional<Content> content_of_at(std::string_view bytes, Rest rest) {
  constexpr std::size_t long_read = 512;
  if (codec::sniff(bytes) == codec::DataFormat::sam) return Content::sam;
  const std::size_t line = bytes.find('\n');
  bool is_open = true;  // all lines so far may be of a sequence
  for (std::size_t at = line; is_open && at != std::string_view::npos;) {
    const std::size_t end = bytes.find('\n', at + 1);
    if (at + 1 < bytes.size() && bytes[at + 1] == '+') return Content::fastq;
    is_open = end == std::string_view::npos || is_sequence_line(bytes.substr(at + 1, end - at - 1));
    at = end;
  }
  const auto second = line == std::string_view::npos ? "" : bytes.substr(line + 1);
  if (second.size() >= long_read && is_sequence(second)) return Content::fastq;
  if (rest == Rest::to_come && is_open) return std::nullopt;
  return Content::text;
}

std::optional<Content> content_of_plain(std::string_view bytes, Rest rest) {
  if (bytes.empty()) {
    if (rest == Rest::to_come) return std::nullopt;
    return rest == Rest::none ? Content::empty : Content::text;
  }
  if (bytes.starts_with(zip_magic)) return Content::zip;
  if (const codec::DataFormat format = codec::format_by_magic(bytes); format != codec::DataFormat::unknown)
    return content_of_format(format);
  if (rest == Rest::to_come && may_have_magic(bytes)) return std::nullopt;
  if (bytes.front() == '@') return content_of_at(bytes, rest);
  return bytes.front() == '>' ? Content::fasta : Content::text;
}

// As much as can be inflated; the program that reads all of the input reports damage.
std::string inflated(std::string_view stored) {
  std::string bytes(content_bytes, '\0');
  std::size_t size = 0;
  try {
    codec::GzipDecoder decoder("");
    decoder.feed(stored);
    while (size < bytes.size()) {
      const std::size_t more = decoder.inflate({bytes.data() + size, bytes.size() - size});
      if (more == 0) break;
      size += more;
    }
  } catch (const base::Error&) {
  }
  bytes.resize(size);
  return bytes;
}

// The first lines of the first two reads.
std::vector<std::string> first_reads(std::string_view text) {
  std::vector<std::string> reads;
  std::size_t line = 0;
  for (std::size_t at = 0, end = 0; reads.size() < 2; at = end + 1, ++line) {
    end = text.find('\n', at);
    if (end == std::string_view::npos) break;
    if (line % 4 == 0) reads.emplace_back(text.substr(at, end - at));
  }
  return reads;
}

}  // namespace

bool StreamKind::is_alignment() const {
  return format == "bam" || format == "cram" || format == "sam" || format == "sam.gz";
}

std::string StreamKind::record() const { return format == "fastq" || format == "fasta" ? format : "line"; }

StreamKind kind_of(const std::string& name) {
  const bool has_query = base::is_url(name) && !base::is_store_key(name);
  const std::string path = base::lower_case(has_query ? name.substr(0, name.find_first_of("?#")) : name);
  const std::string_view rest = base::without_gzip_ending(path);
  const bool gzip = rest.size() < path.size();
  if (gzip && rest.ends_with(".sam")) return {"sam.gz", true, true};
  for (const Ending& ending : endings) {
    if (!gzip && rest.ends_with(ending.text)) return {std::string(ending.format), true, false};
  }
  for (const Ending& ending : text_endings) {
    if (rest.ends_with(ending.text)) return {std::string(ending.format), true, gzip};
  }
  return {"lines", false, gzip};
}

StreamKind kind_of_format(const std::string& option, const std::string& format) {
  for (const char* known : {"bam", "cram", "sam", "fastq", "fasta", "lines"}) {
    if (base::lower_case(format) == known) return {known, true, false};
  }
  throw base::UsageError("use option", option,
                         "'" + format + "' is not one of bam, cram, sam, fastq, fasta and lines");
}

std::optional<InputStart> start_of(std::string_view stored, Rest rest) {
  std::string held;
  std::string_view bytes = stored;
  if (codec::is_gzip(stored)) {
    held = inflated(stored);
    bytes = held;
    if (held.size() == content_bytes) rest = Rest::unseen;
  }
  const auto content = content_of_plain(bytes, rest);
  if (!content) return std::nullopt;
  InputStart start;
  start.content = *content;
  if (*content == Content::fastq) start.reads = first_reads(bytes);
  start.is_gzip = codec::is_gzip(stored);
  start.begins_with_hash = *content == Content::text && bytes.starts_with('#');
  return start;
}

std::string_view content_name(Content content) {
  switch (content) {
    case Content::unknown:
      return "unknown";
    case Content::empty:
      return "empty";
    case Content::text:
      return "text";
    case Content::fastq:
      return "FASTQ";
    case Content::fasta:
      return "FASTA";
    case Content::sam:
      return "SAM";
    case Content::bam:
      return "BAM";
    case Content::cram:
      return "CRAM";
    case Content::bcf:
      return "BCF";
    case Content::bzip2:
      return "bzip2-compressed";
    case Content::xz:
      return "xz-compressed";
    case Content::zstd:
      return "zstd-compressed";
    case Content::zip:
      return "a zip archive";
  }
  return "";
}

std::string way_to_read(Content content, const std::string& quoted_name) {
  const bool is_stdin = quoted_name == "-";
  const auto command = [&](std::string_view program) {
    return is_stdin ? fmt::format("put '{}' in front", program) : fmt::format("{} {}", program, quoted_name);
  };
  switch (content) {
    case Content::bcf:
      return command("bcftools view");
    case Content::bzip2:
      return command("bzip2 -dc");
    case Content::xz:
      return command("xz -dc");
    case Content::zstd:
      return command("zstd -dc");
    case Content::zip:
      return is_stdin ? "" : command("unzip -p");
    default:
      return "";
  }
}

}  // namespace mrf::workflow
