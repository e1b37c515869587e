// SPDX-License-Identifier: MIT
#include "record/header.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/number_at.h"
#include "codec/data_format.h"
#include "codec/inflate.h"

namespace mrf::record {

namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::string_view bam_magic{"BAM\1", 4};
constexpr std::size_t number_size = 4;

constexpr std::size_t longest_shown = 100;
constexpr unsigned fields_of_a_record = 11;

// FLAG, POS, MAPQ, PNEXT, TLEN, counted from 0.
constexpr bool is_number_field(unsigned field) {
  return field == 1 || field == 3 || field == 4 || field == 7 || field == 8;
}

bool is_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Of a line that begins with '@'.
bool has_record_shape(std::string_view line) {
  line = line.substr(0, line.find('\n'));
  unsigned field = 0;
  for (;; ++field) {
    const std::size_t tab = line.find('\t');
    if (is_number_field(field) && !is_number(line.substr(0, tab))) return false;
    if (tab == std::string_view::npos) break;
    line.remove_prefix(tab + 1);
  }
  return field + 1 >= fields_of_a_record;
}

}  // namespace

bool is_sam_header_line(std::string_view line) {
  const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  if (line.size() < sam_header_front - 1 || line[0] != '@') return false;
  return is_letter(line[1]) && is_letter(line[2]) && (line.size() < sam_header_front || line[3] == '\t');
}

bool is_bcftools_command(std::string_view line) {
  const std::string_view name = line.substr(0, line.find_first_of("=\n"));
  return name.starts_with("##bcftools_") && name.ends_with("Command");
}

HeaderReader::HeaderReader(HeaderForm form, std::string input_name, std::string verb)
    : form_(std::move(form)),
      input_name_(std::move(input_name)),
      verb_(std::move(verb)),
      over_(!form_.is_named()) {}

std::size_t HeaderReader::take(std::string_view bytes, bool at_end) {
  if (over_) return 0;
  return form_.kind == HeaderForm::Kind::bam ? take_bam(bytes, at_end) : take_lines(bytes, at_end);
}

HeaderReader::Belongs HeaderReader::belongs(std::string_view rest, bool at_end) const {
  if (form_.kind == HeaderForm::Kind::possible_sam) {
    if (rest.size() >= sam_header_front) return is_sam_header_line(rest) ? Belongs::yes : Belongs::no;
    return at_end || rest.find('\n') != std::string_view::npos ? Belongs::no : Belongs::unknown;
  }
  if (form_.prefix.empty()) {
    if (lines_seen_ == form_.lines || (rest.empty() && at_end)) return Belongs::no;
    return rest.empty() ? Belongs::unknown : Belongs::yes;
  }
  if (rest.size() >= form_.prefix.size()) return rest.starts_with(form_.prefix) ? Belongs::yes : Belongs::no;
  return form_.prefix.starts_with(rest) && !at_end ? Belongs::unknown : Belongs::no;
}

std::size_t HeaderReader::take_lines(std::string_view bytes, bool at_end) {
  std::size_t taken = 0;
  while (!over_) {
    const std::string_view rest = bytes.substr(taken);
    const Belongs belongs_here = belongs(rest, at_end);
    over_ = belongs_here == Belongs::no;
    if (belongs_here != Belongs::yes) break;
    const std::size_t newline = rest.find('\n', scanned_);
    if (newline == std::string_view::npos && !at_end) {
      scanned_ = rest.size();
      break;
    }
    if (form_.kind == HeaderForm::Kind::sam && has_record_shape(rest))
      refuse_header_line(rest, 1, input_name_, verb_);
    taken = newline == std::string_view::npos ? bytes.size() : taken + newline + 1;
    scanned_ = 0;
    ++lines_seen_;
  }
  return taken;
}

std::size_t HeaderReader::take_bam(std::string_view bytes, bool at_end) {
  if (at_end && bytes.empty()) fail("it is empty, and a BAM stream has a header at least");
  over_ = find_bam_end(bytes);
  if (!over_ && at_end) fail("its header is truncated");
  return over_ ? scanned_ : 0;
}

bool HeaderReader::find_bam_end(std::string_view bytes) {
  if (part_ == Part::magic) {
    if (!skip_magic(bytes)) return false;
    part_ = Part::text;
  }
  std::size_t size = 0;
  if (part_ == Part::text) {
    if (!read_size(bytes, size) || bytes.size() - scanned_ - number_size < size) return false;
    scanned_ += number_size + size;
    part_ = Part::count;
  }
  if (part_ == Part::count) {
    if (!read_size(bytes, references_left_)) return false;
    scanned_ += number_size;
    part_ = Part::reference;
  }
  for (; references_left_ > 0; --references_left_) {
    if (!skip_reference(bytes)) return false;
  }
  return true;
}

bool HeaderReader::skip_magic(std::string_view bytes) {
  const std::string_view front = bytes.substr(0, bam_magic.size());
  if (!bam_magic.starts_with(front)) fail("it is not BAM; 'mrf-bamread -u' makes BAM of SAM and CRAM");
  if (front.size() < bam_magic.size()) return false;
  scanned_ = bam_magic.size();
  return true;
}

// The size of the name, the name with its NUL, the length of the sequence.
bool HeaderReader::skip_reference(std::string_view bytes) {
  std::size_t size = 0;
  if (!read_size(bytes, size)) return false;
  if (size == 0) fail("its header is malformed: a reference has no name");
  const std::string_view rest = bytes.substr(scanned_ + number_size);
  if (rest.size() < size) return false;
  if (rest[size - 1] != '\0') fail("its header is malformed: the name of a reference has no end");
  if (rest.size() < size + number_size) return false;
  scanned_ += number_size + size + number_size;
  return true;
}

bool HeaderReader::read_size(std::string_view bytes, std::size_t& size) const {
  if (bytes.size() < scanned_ + number_size) return false;
  size = base::number_at<std::uint32_t>(bytes, scanned_);
  if (size > 0x7fffffff) fail("its header is malformed: it has a negative length");
  return true;
}

void HeaderReader::fail(const std::string& reason) const {
  throw base::DataError(verb_, input_name_, reason);
}

bool RepeatedHeaders::is_enough(std::string_view front) {
  if (front.size() >= front_size) return true;
  if (front.size() < 2 && (front.empty() || front[0] == '\x1f')) return false;
  if (codec::is_gzip(front) || codec::is_undecided(front) || codec::is_undecided_text(front)) return false;
  return codec::sniff(front) != codec::DataFormat::sam;
}

namespace {

// The name of a read has 254 characters at most (SAM specification 1.4).
constexpr std::size_t longest_name = 254;

bool has_own_header(codec::DataFormat format) {
  using codec::DataFormat;
  return format == DataFormat::sam || format == DataFormat::vcf || format == DataFormat::bam ||
         format == DataFormat::cram || format == DataFormat::bcf;
}

// From the first line that does not begin as a header line does.
std::string_view behind_header(std::string_view front) {
  while (front.starts_with('@')) front.remove_prefix(std::min(front.find('\n'), front.size() - 1) + 1);
  return front;
}

// Whether text is records that end with a NUL: a header has lines.
bool is_of_nul(std::string_view front, codec::DataFormat format) {
  const bool is_text = format == codec::DataFormat::sam || format == codec::DataFormat::vcf;
  return is_text && !codec::is_gzip(front) && front.substr(0, front.find('\n')).find('\0') < front.size();
}

// Whether `text`, whose end may be missing, begins with a line of bases, which the third line of a FASTQ
// record follows.
bool is_sequence(std::string_view text, bool is_cut_off) {
  const auto end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  if (line.find('\t') != std::string_view::npos) return false;
  if (end == std::string_view::npos) return is_cut_off && line.size() > longest_name;
  return text.substr(end + 1).starts_with('+');
}

}  // namespace

bool RepeatedHeaders::are_alike(std::string_view front, std::string_view other) {
  const codec::DataFormat format = codec::sniff(front.substr(0, front_size));
  return has_own_header(format) && format == codec::sniff(other.substr(0, front_size));
}

std::string RepeatedHeaders::find(std::string_view front, const std::string& phrase) {
  front = front.substr(0, front_size);
  const codec::DataFormat format = codec::sniff(front);
  if (!has_own_header(format) || is_of_nul(front, format)) return "";
  if (format != codec::DataFormat::sam || codec::is_gzip(front)) {
    const auto [same, is_first] = phrases_.emplace(codec::format_name(format), phrase);
    return is_first ? "" : same->second;
  }
  const std::string first_line(front.substr(0, front.find('\n')));
  const std::string_view behind = behind_header(front);
  const bool is_second_line = behind.data() == front.data() + std::min(first_line.size() + 1, front.size());
  if (is_second_line && is_sequence(behind, front.size() == front_size)) return "";  // FASTQ
  const bool has_records = behind.substr(0, behind.find('\n')).find('\t') != std::string_view::npos;
  const auto [same, is_first] = phrases_.emplace(first_line, phrase);
  std::string earlier = !is_first ? same->second : has_records ? with_records_ : "";
  if (has_records && with_records_.empty()) with_records_ = phrase;
  return earlier;
}

std::string RepeatedHeaders::doubt(std::string_view front, const std::string& outputs) {
  using codec::DataFormat;
  const DataFormat format = codec::format_by_magic(front);
  if (format != DataFormat::bzip2 && format != DataFormat::xz && format != DataFormat::zstd) return "";
  if (++not_inflated_ != 2) return "";
  return fmt::format(
      "cannot tell whether {0} begin with a header each: they are {1}-compressed; where they do, the "
      "result has headers between its records: let the filter write text, and compress the result: '-o - | "
      "{1} >FILE'",
      outputs, codec::format_name(format));
}

std::string RepeatedHeaders::fault(std::string_view front, std::string_view earlier,
                                   std::string_view sam_option, std::string_view bam_option) {
  constexpr std::string_view joins_vcf =
      "--header-prefix '#' (mrf-run, mrf-chunks: with --header-broadcast) joins";
  const codec::DataFormat format = codec::sniff(front.substr(0, front_size));
  const bool is_compressed = codec::is_gzip(front);
  std::string advice;
  switch (format) {
    case codec::DataFormat::bam:
      advice = fmt::format("{} joins BAM (mrf-run: -O bam)", bam_option);
      break;
    case codec::DataFormat::cram:
      advice = fmt::format("when the filter writes BAM, {} joins it (mrf-run: -O cram, or bam)", bam_option);
      break;
    case codec::DataFormat::bcf:
      advice = fmt::format(
          "let the filter write VCF as text (bcftools: -Ov), which {}, and make BCF of the "
          "result: 'bcftools view -Ob'",
          joins_vcf);
      break;
    case codec::DataFormat::vcf:
      advice = is_compressed
                   ? fmt::format(
                         "let the filter write text (bcftools: -Ov), which {}; a result that is "
                         "named .vcf.gz is compressed in any case",
                         joins_vcf)
                   : fmt::format(
                         "{} VCF as lines, or the filter writes its header once, as where MRF_CHUNK is 0; "
                         "--repeated-headers (mrf-run: --output-record line) takes such lines for "
                         "others",
                         joins_vcf);
      break;
    default:
      advice = fmt::format("{}{} joins SAM (mrf-run: -O sam, or bam)",
                           is_compressed ? "when the filter writes text, " : "", sam_option);
      if (!is_compressed)
        advice += ", --repeated-headers (mrf-run: --output-record line) takes such lines for others";
  }
  return fmt::format("it begins with a header of {}{}, as {}: {}",
                     is_compressed && format != codec::DataFormat::bam && format != codec::DataFormat::bcf
                         ? "compressed "
                         : "",
                     codec::format_name(format), earlier, advice);
}

namespace {

std::string_view header_text(std::string_view header) {
  const std::size_t at = bam_magic.size() + number_size;
  if (!header.starts_with(bam_magic) || header.size() < at) return header;
  const std::string_view text = header.substr(at, base::number_at<std::uint32_t>(header, bam_magic.size()));
  return text.substr(0, text.find('\0'));
}

std::string shown_line(std::string_view text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  return text.empty() ? "nothing" : fmt::format("'{}'", line.substr(0, longest_shown));
}

}  // namespace

std::string header_difference(std::string_view header, std::string_view other) {
  std::string_view own = header_text(header);
  std::string_view others = header_text(other);
  if (own == others) return "";
  std::size_t line = 1;
  for (std::size_t end = 0; (end = own.find('\n')) != std::string_view::npos; ++line) {
    if (own.substr(0, end + 1) != others.substr(0, end + 1)) break;
    own.remove_prefix(end + 1);
    others.remove_prefix(end + 1);
  }
  const bool is_program = own.starts_with("@PG") || others.starts_with("@PG");
  const bool is_dated = is_bcftools_command(own) || is_bcftools_command(others);
  return fmt::format("they differ in line {}: {} where that has {}{}", line, shown_line(own),
                     shown_line(others),
                     is_program ? "; samtools leaves the @PG line of its command out with --no-PG"
                     : is_dated ? "; bcftools leaves the line with the date out with --no-version"
                                : "");
}

std::string_view bam_references(std::string_view header) {
  const std::size_t text_size = base::number_at<std::uint32_t>(header, bam_magic.size());
  return header.substr(bam_magic.size() + number_size + text_size);
}

void refuse_header_line(std::string_view line, std::uint64_t record, const std::string& input_name,
                        const std::string& verb) {
  if (has_record_shape(line)) {
    const std::string_view name = line.substr(0, std::min(line.find('\t'), longest_shown));
    throw base::DataError(
        verb, input_name,
        fmt::format("record {} is named '{}', which SAM text cannot tell from a header line; "
                    "keep such records as BAM ('--record bam', 'mrf-bamread -u')",
                    record, name));
  }
  line = line.substr(0, std::min(line.find_first_of("\r\n"), longest_shown));
  throw base::DataError(
      verb, input_name,
      fmt::format("'{}' stands where record {} is to be: no header line follows a record, and no "
                  "read name begins with '@'",
                  line, record));
}

}  // namespace mrf::record
